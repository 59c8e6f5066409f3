"""Makes labelled images of feedback: a manifest that ``aidetect train`` takes."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aidetect.errors import AidetectError
from aidetect.feedback.choose import Choice, Example
from aidetect.target import Target
from detector.evaluation import Label
from detector.layout import DATASETS_PREFIX
from detector.uri import S3Uri

MANIFEST = "manifest.csv"
COLUMNS = ("path", "label", "source", "sha256")
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
MAX_NAME = 63


class NoExamplesError(AidetectError, ValueError):
    """Nothing can be learnt from; the message says why."""


@dataclass(frozen=True)
class Made:
    """A dataset of feedback: its manifest, what is in it, and how many members had no bytes."""

    manifest: S3Uri
    examples: tuple[Example, ...]
    unreadable: int

    @property
    def classes(self) -> dict[str, int]:
        """Images of each class."""
        found = Counter(example.label for example in self.examples)
        return {label.value: found[label] for label in Label}

    @property
    def sources(self) -> int:
        """How many sources they are of."""
        return len({example.source for example in self.examples})


def check_name(name: str) -> None:
    """Refuse a name that a dataset may not have.

    Raises
    ------
    NoExamplesError
        If it is one.
    """
    if not name or len(name) > MAX_NAME or not set(name) <= _NAME:
        raise NoExamplesError(
            f"{name[:80]!r} cannot name a dataset: use up to {MAX_NAME} lower case letters, digits "
            "and dashes"
        )


def write_manifest(examples: Iterable[Example], places: Mapping[Example, S3Uri]) -> bytes:
    """Return a manifest: see docs/datasets.md. ``places`` are of those that were copied."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for example in examples:
        path = places.get(example, example.where)
        writer.writerow([path, example.label.value, example.source, example.sha256 or ""])
    return text.getvalue().encode()


def make_dataset(target: Target, name: str, choice: Choice) -> Made:
    """Write a dataset's manifest into the training bucket.

    Images are named where they lie; members of archives are copied beside the manifest, since
    training reads objects.

    Raises
    ------
    NoExamplesError
        If the name is none, or nothing is left to learn from.
    botocore.exceptions.ClientError
        If S3 refuses.
    """
    from aidetect.feedback.members import copy_members  # Pillow, which `--help` need not wait for

    check_name(name)
    folder = S3Uri(target.outputs.TrainingBucket, f"{DATASETS_PREFIX}{name}")
    packed = [example for example in choice.examples if example.member is not None]
    places = copy_members(target.s3, packed, folder.join("members"))
    kept = tuple(e for e in choice.examples if e.member is None or e in places)
    if not kept:
        raise NoExamplesError(
            "no marked image is left to learn from; mark some in a report (`aidetect report`) and "
            "save them"
        )
    body = write_manifest(kept, places)
    # Named by its content, as packed datasets are: what a run was trained on stays what it was.
    manifest = folder.join(f"marked-{hashlib.sha256(body).hexdigest()[:16]}", MANIFEST)
    target.s3.put_object(
        Bucket=manifest.bucket, Key=manifest.key, Body=body, ContentType="text/csv; charset=utf-8"
    )
    return Made(manifest, kept, len(packed) - len(places))
