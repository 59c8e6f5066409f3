"""What a file's place in its folder says: its class, its source, its split."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from detector.evaluation import Label
from training.data.catalog import TEST, TRAIN

# What people call the parts of their data; what is kept from learning is for judging.
SPLITS = {"train": TRAIN, "val": TEST, "valid": TEST, "validation": TEST, "test": TEST, "": ""}
FOLDERS = {label.value: label for label in Label}


class DatasetError(ValueError):
    """Labelled images cannot be used as they are; the message says what to change."""


@dataclass(frozen=True)
class Place:
    """A file's class, where it was collected, and the split it was given (empty for none)."""

    label: Label
    source: str
    split: str = ""
    generator: str = ""
    licence: str = ""


def split_of(text: str, where: str) -> str:
    """Return the split that a word means: train, test, or none.

    Raises
    ------
    DatasetError
        If it means none that is known.
    """
    try:
        return SPLITS[text.strip().lower()]
    except KeyError:
        raise DatasetError(
            f"{where}: split {text!r} is none of {', '.join(s for s in SPLITS if s)}; use one of "
            "these, or leave it empty to have whole sources held out"
        ) from None


def place_of(name: str, folders: dict[str, Label] | None = None) -> Place | None:
    """Read ``[<name>/][train|test/]real|ai/[<source>/…]file``; None where no class is named.

    Parameters
    ----------
    name
        Path relative to the dataset, with slashes.
    folders
        Which folder names a class, by lower-case name; ``real`` and ``ai`` by default.
    """
    known = FOLDERS if folders is None else folders
    parts = PurePosixPath(name).parts[:-1]
    at = next((n for n, part in enumerate(parts) if part.lower() in known), None)
    if at is None:
        return None
    label, outer, inner = known[parts[at].lower()], parts[:at], parts[at + 1 :]
    split = next((SPLITS[p.lower()] for p in outer if p.lower() in SPLITS), "")
    named = [p for p in outer if p.lower() not in SPLITS] + list(inner[:1])
    generator = inner[0] if inner and label is Label.AI else ""
    return Place(label, "/".join(named) or label.value, split, generator)
