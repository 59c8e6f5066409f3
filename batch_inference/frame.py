"""What goes over the pipes between the scorer and a decode worker.

To the worker: a frame with its :class:`WorkerConfig`, then one frame an image; an empty frame
answers a ``large`` message. From the worker: a ``ready`` message, then for each image perhaps
``large``, and one ``done``. A frame is a 4-byte length and that many bytes; a message is a frame of
JSON and a frame of pixels. No pickle: nothing a hijacked worker sends is ever executed.
"""

import json
import struct
from dataclasses import dataclass

import numpy as np

from batch_inference.decoding import Decoded, Facts
from detector.contract import Part
from detector.package import Preprocessing
from detector.plan import Limits
from detector.reason import ImageError, Reason

LENGTH = struct.Struct("!I")

READY = "ready"
LARGE = "large"
DONE = "done"
# The worker ran into its memory limit; it ends after saying so, since its heap may be in shreds.
NO_MEMORY = "no_memory"


class WorkerConfig(Part):
    """What a worker is started with."""

    preprocessing: Preprocessing
    limits: Limits
    memory: int
    large_pixels: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a worker; ``decoded`` comes with :data:`DONE`."""

    kind: str
    decoded: Decoded | None = None


def pack(data: bytes) -> bytes:
    """Return a frame."""
    return LENGTH.pack(len(data)) + data


def pack_message(message: Message) -> bytes:
    """Return a message as two frames."""
    if message.decoded is None:
        return pack(json.dumps({"kind": message.kind}).encode()) + pack(b"")
    decoded = message.decoded
    facts, error, pixels = decoded.facts, decoded.error, decoded.pixels
    head = {
        "kind": message.kind,
        "facts": [facts.bytes, facts.sha256, facts.format, facts.width, facts.height],
        "error": None if error is None else [error.reason.value, error.detail],
        "shape": None if pixels is None else pixels.shape,
    }
    return pack(json.dumps(head).encode()) + pack(b"" if pixels is None else pixels.tobytes())


def unpack_message(head: bytes, body: bytes) -> Message:
    """Read a message from the contents of its two frames.

    Raises
    ------
    ValueError
        If a worker sent something else, which a sound one never does.
    """
    try:
        record = json.loads(head)
        if "facts" not in record:
            return Message(record["kind"])
        size, sha256, name, width, height = record["facts"]
        facts = Facts(size, sha256, name, width, height)
        if record["error"] is not None:
            reason, detail = record["error"]
            decoded = Decoded(facts, error=ImageError(Reason(reason), detail))
        else:
            pixels = np.frombuffer(body, dtype=np.uint8).reshape(record["shape"])
            decoded = Decoded(facts, pixels=pixels)
        return Message(record["kind"], decoded)
    except (KeyError, TypeError) as error:
        raise ValueError(f"a decode worker sent a message that is none: {error!r}") from error
