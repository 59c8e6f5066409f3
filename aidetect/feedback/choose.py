"""Which marked images can be learnt from, and as what: pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from detector.evaluation import Label
from detector.layout import INTAKE_PREFIX
from detector.manifest import ARCHIVE_SUFFIXES
from detector.marks import Mark, are_disputed, newest
from detector.uri import MEMBER_SEPARATOR, S3Uri


class SourceBy(StrEnum):
    """What tells the sources of marked images apart; a source is never split."""

    BATCH = "batch"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Example:
    """A marked image: where its bytes lie (``member`` inside an archive), and what it is."""

    where: S3Uri
    member: str | None
    label: Label
    source: str
    sha256: str | None

    @property
    def image(self) -> str:
        """The image's name, as in its result row."""
        member = "" if self.member is None else f"{MEMBER_SEPARATOR}{self.member}"
        return f"{self.where}{member}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The examples in order of their names, and how many images were left out.

    ``disputed``: reviewers hold them for different things. ``copies``: the same bytes under another
    name.
    """

    examples: tuple[Example, ...]
    disputed: int
    copies: int


def split_image(image: str) -> tuple[S3Uri, str | None]:
    """Return an image's object and, when it lies in an archive, the member.

    A ``#`` belongs to the key unless an archive's name ends before it.

    Raises
    ------
    detector.uri.UriError
        If it is not an S3 URI.
    """
    at = -1
    while (at := image.find(MEMBER_SEPARATOR, at + 1)) >= 0:
        if image[:at].lower().endswith(tuple(ARCHIVE_SUFFIXES)):
            return S3Uri.parse(image[:at]), image[at + 1 :]
    return S3Uri.parse(image), None


def choose(marks: Iterable[Mark], by: SourceBy = SourceBy.BATCH) -> Choice:
    """Choose what can be learnt from: one example of each image, by the newest mark.

    Images are the same when their bytes are (by SHA-256 where it is known), else by name. Those
    that reviewers disagree about, each by their newest mark, are left out.
    """
    examples: list[Example] = []
    disputed = copies = 0
    for same in _grouped(list(marks)).values():
        names = {mark.correction.image for mark in same}
        if are_disputed(same):
            disputed += len(names)
            continue
        examples.append(_example(newest(same), by))
        copies += len(names) - 1
    examples.sort(key=lambda example: example.image)
    return Choice(tuple(examples), disputed, copies)


def _grouped(marks: Sequence[Mark]) -> Mapping[str, list[Mark]]:
    by_image = defaultdict[str, list[Mark]](list)
    for mark in marks:
        by_image[mark.correction.image].append(mark)
    found = defaultdict[str, list[Mark]](list)
    for image, own in by_image.items():
        # Marks of other bytes, which lay there under the same name before, say nothing of these.
        known = [mark for mark in own if mark.correction.sha256]
        sha256 = newest(known).correction.sha256 if known else None
        found[sha256 or image] += [m for m in own if m.correction.sha256 in (None, sha256)]
    return found


def _example(mark: Mark, by: SourceBy) -> Example:
    correction = mark.correction
    where, member = split_image(correction.image)
    source = correction.batch if by is SourceBy.BATCH else _folder(where, member)
    return Example(where, member, correction.label, source, correction.sha256)


def _folder(where: S3Uri, member: str | None) -> str:
    """Name the folder an object was dropped into; an archive is a folder."""
    key = where.key.removeprefix(INTAKE_PREFIX)
    folder = key if member is not None else key.rpartition("/")[0]
    return folder or where.bucket
