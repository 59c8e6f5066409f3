"""A member of an archive, and what its name alone says about it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from detector.manifest import Kind, classify
from detector.reason import ImageError, Reason

MAX_NAME = 1024
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One member that becomes one row.

    ``read`` returns its bytes or raises :class:`ImageError`; ``size`` bounds them. ``refusal`` is
    set when it is not to be read at all.
    """

    name: str
    size: int
    read: Callable[[], bytes]
    refusal: ImageError | None = None


def readable_name(name: str) -> str:
    """Return a name as valid Unicode of bounded length; undecodable bytes become U+FFFD."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text[:MAX_NAME]


def name_refusal(name: str) -> ImageError | None:
    """Say why a member is refused by its name, or None when it is to be read."""
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or _DRIVE.match(name) or len(name) > MAX_NAME:
        return ImageError(Reason.UNSAFE_NAME)
    if "__MACOSX" in parts or parts[-1].startswith("._"):
        return ImageError(Reason.UNSUPPORTED, "a resource fork that macOS added to the archive")
    kind, reason = classify(parts[-1])
    if kind is Kind.ARCHIVE:
        return ImageError(Reason.UNSUPPORTED, "an archive inside an archive is not opened")
    if reason is not None:
        suffix = readable_name(PurePosixPath(parts[-1]).suffix)
        return ImageError(reason, f"{suffix} is not an image format that is scored")
    return None


class UniqueNames:
    """Gives equal names apart: the second ``a.jpg`` becomes ``a.jpg#2``."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def unique(self, name: str) -> str:
        """Return the name, with a number when it was given before."""
        if name not in self._given:
            self._given[name] = 1
            return name
        while True:
            self._given[name] += 1
            numbered = f"{name}#{self._given[name]}"
            if numbered not in self._given:
                self._given[numbered] = 1
                return numbered
