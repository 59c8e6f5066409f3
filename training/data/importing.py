"""From the name of a dataset anywhere to the files to be packed, and the licence they are under."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from detector.evaluation import Label
from training.data.change import limited, placed
from training.data.found import Found
from training.data.hub import Columns, HubDataset, find_hub
from training.data.kaggle import find_kaggle
from training.data.locate import find
from training.data.place import DatasetError, Place
from training.data.preset import PRESETS, Preset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KAGGLE, HUB = "kaggle:", "hub:"


@dataclass(frozen=True)
class Wishes:
    """What a person says about the dataset; empty is for the preset or the default.

    ``words`` say which folder name or column value is which class. ``source`` names where all the
    images are from. ``limit`` is a number of images of each class, 0 for all. ``keep_split``: take
    the split that a Kaggle or hub dataset brings, which mostly is a random one that leaks.
    """

    label: Label | None = None
    words: Mapping[str, Label] = field(default_factory=dict)
    source: str = ""
    licence: str = ""
    limit: int = 0
    keep_split: bool = False
    image_column: str = ""
    label_column: str = ""
    source_column: str = ""


@dataclass(frozen=True)
class Import:
    """The files of a dataset, and the licence of the whole."""

    found: Found
    licence: str


def parse_words(texts: list[str]) -> dict[str, Label]:
    """Read ``FAKE=ai``: which folder name or column value is which class.

    Raises
    ------
    DatasetError
        If a text has another form.
    """
    words = {}
    for text in texts:
        word, _, label = text.rpartition("=")
        if not word or label not in set(Label):
            raise DatasetError(f"--map {text}: expected VALUE=real or VALUE=ai")
        words[word.strip().lower()] = Label(label)
    return words


def find_import(source: str, wishes: Wishes, s3: "S3Client | None" = None) -> Import:
    """Find the images of a folder, archive, ``kaggle:`` or ``hub:`` dataset.

    Raises
    ------
    DatasetError
        If there is none, or something about it must be said first.
    MissingPackageError
        If a package is missing.
    """
    preset = _preset(source)
    words = dict(wishes.words or preset.words) or None
    label = wishes.label or preset.label
    public = source.startswith((KAGGLE, HUB))
    if source.startswith(KAGGLE):
        found = find_kaggle(source.removeprefix(KAGGLE), folders=words, label=label)
    elif source.startswith(HUB):
        dataset = HubDataset.parse(source.removeprefix(HUB))
        columns = Columns(
            image=wishes.image_column or preset.image_column,
            label_column=wishes.label_column,
            label=label,
            words=words or {},
            source_column=wishes.source_column,
        )
        found = find_hub(_pinned(dataset, preset), columns)
    else:
        found = find(source, s3=s3, folders=words, label=label)
    if public or wishes.source:
        found = _renamed(found, source, wishes, preset, public=public)
    if wishes.limit:
        known = frozenset(Label) if label is None else frozenset({label})
        found = limited(found, wishes.limit, known)
    return Import(found, wishes.licence or preset.licence)


def _preset(source: str) -> Preset:
    name = source.partition("@")[0].partition("/versions/")[0]
    if name.startswith(HUB):
        name = "/".join(name.split("/")[:2])
    return PRESETS.get(name, Preset(name, ""))


def _pinned(dataset: HubDataset, preset: Preset) -> HubDataset:
    """Take the preset's subset at the preset's commit, where no other is named."""
    if dataset.revision or dataset.config:
        return dataset
    return replace(dataset, revision=preset.revision, config=preset.config)


def _renamed(found: Found, source: str, wishes: Wishes, preset: Preset, *, public: bool) -> Found:
    """Name sources so that those of different datasets are different; leave split aside."""
    slug = source.removeprefix(KAGGLE).partition("/versions/")[0]

    def change(place: Place) -> Place:
        named = wishes.source or preset.sources.get(place.label, "")
        if not named and source.startswith(KAGGLE):
            named = f"{slug}/{place.source}"
        split = place.split if wishes.keep_split or not public else ""
        return replace(place, source=named or place.source, split=split)

    return placed(found, change, f"{wishes.source} {preset.sources} {wishes.keep_split}")
