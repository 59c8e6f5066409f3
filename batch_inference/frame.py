"""What goes over the pipes between the scorer and a decode worker.

To the worker: a frame with its :class:`WorkerConfig`, then one frame an image; an empty frame
answers a ``large`` message. From the worker: a ``ready`` message, then for each image perhaps
``large``, then ``done`` with its outcome, then ``beside`` with its provenance and thumbnail. A
frame is a 4-byte length and that many bytes; a message is a frame of JSON and a frame of pixels.

No pickle, and every value is held to its type and bounds: nothing that a hijacked worker sends is
executed, stored unchecked, or of a shape that a later step would stumble over.
"""

import struct
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from batch_inference.decoding import Decoded, Facts
from detector.contract import Part
from detector.evidence import THUMBNAIL_SIDE
from detector.package import Preprocessing
from detector.plan import Limits
from detector.preprocess import Pixels
from detector.provenance import MAX_DETAIL, MAX_GENERATOR, Claim, Provenance
from detector.reason import ImageError, Reason

LENGTH = struct.Struct("!I")
MAX_HEAD = 1 << 16
MAX_THUMBNAIL = 3 * THUMBNAIL_SIDE**2
# Of the longest text in a message; a row keeps 300 characters of an error's.
MAX_TEXT = 1000

# What reading a file's metadata and making its thumbnail may take; else it goes without them.
BESIDE_SECONDS = 10.0

READY = "ready"
LARGE = "large"
DONE = "done"
BESIDE = "beside"
# The worker ran into its memory limit; it ends after saying so, since its heap may be in shreds.
NO_MEMORY = "no_memory"

_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
_Side = Annotated[int, Field(ge=1, le=THUMBNAIL_SIDE)]


class WorkerConfig(Part):
    """What a worker is started with."""

    preprocessing: Preprocessing
    limits: Limits
    memory: int
    large_pixels: int
    thumbnails: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a worker; ``decoded`` comes with :data:`DONE` and :data:`BESIDE`.

    With ``done`` it has neither provenance nor thumbnail, with ``beside`` nothing else.
    """

    kind: str
    decoded: Decoded | None = None


def _json_object(text: str) -> str:
    if not text.lstrip().startswith("{"):
        raise ValueError("no JSON object")
    from_json(text)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Facts(_Strict):
    bytes: int | None = Field(ge=0, lt=1 << 63)
    sha256: str | None = Field(pattern=r"^[0-9a-f]{64}$")
    format: str | None = Field(pattern=r"^[A-Z0-9]{1,16}$")
    width: int | None = Field(ge=0, lt=1 << 31)
    height: int | None = Field(ge=0, lt=1 << 31)


class _Error(_Strict):
    reason: Reason
    detail: str


class _Done(_Strict):
    """The body is the pixels, unless there is an error."""

    facts: _Facts
    error: _Error | None
    crop: tuple[_Share, _Share, _Share, _Share] | None


class _Beside(_Strict):
    """The body is the thumbnail's pixels, ``thumbnail`` its width and height."""

    claims: Annotated[tuple[Claim, ...], Field(max_length=len(Claim))]
    generator: str | None = Field(max_length=MAX_GENERATOR)
    detail: Annotated[str, Field(max_length=MAX_DETAIL), AfterValidator(_json_object)] | None
    thumbnail: tuple[_Side, _Side] | None


class _Head(_Strict):
    kind: str = Field(pattern=f"^({READY}|{LARGE}|{DONE}|{BESIDE}|{NO_MEMORY})$")
    done: _Done | None = None
    beside: _Beside | None = None


def pack(data: bytes) -> bytes:
    """Return a frame."""
    return LENGTH.pack(len(data)) + data


def pack_message(message: Message) -> bytes:
    """Return a message as two frames."""
    decoded = message.decoded
    if decoded is None:
        head, pixels = _Head(kind=message.kind), None
    elif message.kind == DONE:
        head, pixels = _Head(kind=DONE, done=_done(decoded)), decoded.pixels
    else:
        head, pixels = _Head(kind=BESIDE, beside=_beside(decoded)), decoded.thumbnail
    body = b"" if pixels is None else pixels.tobytes()
    return pack(head.model_dump_json().encode()) + pack(body)


def _done(decoded: Decoded) -> _Done:
    facts, error = decoded.facts, decoded.error
    return _Done(
        facts=_Facts(
            bytes=facts.bytes,
            sha256=facts.sha256,
            format=facts.format,
            width=facts.width,
            height=facts.height,
        ),
        error=_Error(reason=error.reason, detail=_sendable(error.detail)) if error else None,
        crop=decoded.crop,
    )


def _beside(decoded: Decoded) -> _Beside:
    said, small = decoded.provenance, decoded.thumbnail
    return _Beside(
        claims=said.claims,
        generator=_sendable(said.generator) if said.generator else None,
        detail=_sendable(said.detail) if said.detail else None,
        thumbnail=None if small is None else (small.shape[1], small.shape[0]),
    )


def _sendable(text: str) -> str:
    """Return a text that JSON can carry, no longer than a row keeps."""
    return text[:MAX_TEXT].encode("utf-8", "replace").decode()


def unpack_message(head: bytes, body: bytes, size: int) -> Message:
    """Read a message from the contents of its two frames.

    Parameters
    ----------
    head, body
        The frames.
    size
        Side of the square that the detector takes, in pixels.

    Raises
    ------
    ValueError
        If a worker sent something else, which a sound one never does.
    """
    try:
        read = _Head.model_validate_json(head)
    except ValidationError as error:
        # Its own text is as long as it likes and quotes what was sent.
        wrong = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"a decode worker sent a message that is none: {wrong['msg']}") from error
    if (read.done is None, read.beside is None) != (read.kind != DONE, read.kind != BESIDE):
        raise ValueError(f"a decode worker sent {read.kind!r} with what does not belong to it")
    if read.done is not None:
        return Message(DONE, _decoded(read.done, body, size))
    if read.beside is not None:
        return Message(BESIDE, _beside_of(read.beside, body))
    return Message(read.kind)


def _decoded(done: _Done, body: bytes, size: int) -> Decoded:
    facts = Facts(**dict(done.facts))
    if done.error is not None:
        return Decoded(facts, error=ImageError(done.error.reason, done.error.detail))
    return Decoded(facts, _pixels(body, size, size), crop=done.crop)


def _beside_of(beside: _Beside, body: bytes) -> Decoded:
    # The order and the uniqueness that claims promise are made here, not believed.
    claims = tuple(claim for claim in Claim if claim in beside.claims)
    said = Provenance(claims, beside.generator, beside.detail)
    small = None if beside.thumbnail is None else _pixels(body, *beside.thumbnail)
    return Decoded(Facts(), provenance=said, thumbnail=small)


def _pixels(body: bytes, width: int, height: int) -> Pixels:
    # Raises ValueError where there are more or fewer.
    return np.frombuffer(body, dtype=np.uint8).reshape(height, width, 3)
