"""What a caller asks for: a folder and the names of files. Taken for hostile until it is valid."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from detector.manifest import classify

MAX_FILES = 100
# A hundred of the longest names take some 60 kB where each character is escaped.
MAX_BODY = 256 << 10
MAX_PREFIX = 200
MAX_NAME_BYTES = 200
# Letters that need no quoting in a URL, a query or a shell; no part begins with a dot.
_PREFIX = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"


class RequestError(ValueError):
    """The request is not one; the message says what to change."""


class UploadRequest(BaseModel):
    """A folder below ``intake/`` and the names of the files to be uploaded into it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prefix: str = Field(default="api", max_length=MAX_PREFIX, pattern=_PREFIX)
    files: Annotated[list[str], Field(min_length=1, max_length=MAX_FILES)]

    @field_validator("files")
    @classmethod
    def _scored_and_different(cls, files: list[str]) -> list[str]:
        for name in files:
            if why := _refusal(name):
                raise ValueError(f"{name[:80]!r} {why}")
        if len(set(files)) < len(files):
            twice = next(name for name in files if files.count(name) > 1)
            raise ValueError(f"{twice[:80]!r} is named twice; each file needs a name of its own")
        return files


def _refusal(name: str) -> str:
    """Return why a file may not be called so; nothing where it may."""
    if not name or not name.isprintable() or len(name.encode()) > MAX_NAME_BYTES:
        return f"is no file name: 1 to {MAX_NAME_BYTES} bytes of UTF-8, nothing invisible"
    if "/" in name or "\\" in name or name.startswith("."):
        return "is no file name: no slashes, and no dot in front; folders belong in 'prefix'"
    # S3 puts the name of the sent file in the place of ${filename}, so the key would be another.
    if "${" in name:
        return "is no file name here: it may not hold ${"
    if classify(name)[1] is not None:
        return "is not scored; send JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, .tar or .zip"
    return ""


def read_request(body: bytes) -> UploadRequest:
    """Read the body of a call.

    Raises
    ------
    RequestError
        If it is no valid request; the message names every fault.
    """
    try:
        document: Any = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        # UnicodeDecodeError and JSONDecodeError among them, and numbers of too many digits.
        raise RequestError(
            'the body is not JSON in UTF-8; send {"prefix": "shop/2026", "files": ["a.jpg"]}'
        ) from error
    try:
        return UploadRequest.model_validate(document)
    except ValidationError as error:
        raise RequestError("; ".join(_fault(part) for part in error.errors()[:5])) from error


def _fault(part: Any) -> str:
    where = ".".join(str(place) for place in part["loc"]) or "body"
    if part["type"] == "string_pattern_mismatch":
        return (
            f"{where}: use letters, digits, '.', '_' and '-', parts divided by '/', no part "
            "beginning with a dot"
        )
    message = str(part["msg"]).removeprefix("Value error, ")
    return f"{where}: {message}"
