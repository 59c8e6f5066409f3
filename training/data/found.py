"""A labelled file that was found somewhere and has not been opened yet."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from detector.manifest import Kind, classify
from detector.reason import ImageError, Reason
from training.data.place import Place


@dataclass(frozen=True)
class FoundFile:
    """One file. ``read`` returns its bytes or raises :class:`ImageError`; any thread may call it.

    ``size`` bounds the bytes, 0 where unknown. ``refusal`` is set when it is not to be read.
    """

    name: str
    place: Place
    read: Callable[[], bytes]
    size: int = 0
    refusal: ImageError | None = None


@dataclass(frozen=True)
class Found:
    """All files of a place, in an order that does not change.

    Attributes
    ----------
    origin
        Where they were found, for the record.
    fingerprint
        A SHA-256 that changes when the files do, without reading them: it finds the work of an
        attempt that was cut short, and a dataset packed before.
    files
        Yields the files; may be called again.
    total
        How many there are, 0 where unknown.
    """

    origin: str
    fingerprint: str
    files: Callable[[], Iterator[FoundFile]]
    total: int = 0


def fingerprint(lines: Iterable[str]) -> str:
    """Return the SHA-256 of some lines of text."""
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()


def refusal_by_name(name: str) -> ImageError | None:
    """Say why a file is not read at all, by its name; None when it is."""
    kind, reason = classify(name)
    if kind is Kind.ARCHIVE:
        return ImageError(Reason.UNSUPPORTED, "an archive inside a dataset is not opened")
    return None if reason is None else ImageError(reason, "its name says that it is no image")


def is_hidden(name: str) -> bool:
    """Tell whether a file, or a folder on the way to it, is none of a person's making."""
    parts = (part for part in name.split("/") if part not in {".", ".."})
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def held_to(read: Callable[[], bytes], sha256: str) -> Callable[[], bytes]:
    """Have a file refused when its bytes are not those that were labelled; empty holds to none."""
    if not sha256:
        return read

    def checked() -> bytes:
        data = read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise ImageError(Reason.MISSING, "other bytes lie there than those that were labelled")
        return data

    return checked


def joined(parts: list[Found]) -> Found:
    """Return several places as one."""
    if len(parts) == 1:
        return parts[0]

    def files() -> Iterator[FoundFile]:
        for part in parts:
            yield from part.files()

    return Found(
        " + ".join(part.origin for part in parts),
        fingerprint(part.fingerprint for part in parts),
        files,
        sum(part.total for part in parts) if all(part.total for part in parts) else 0,
    )
