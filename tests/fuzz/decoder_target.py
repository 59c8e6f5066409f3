"""The decode worker's work on one file: pixels of the contract's shape, or a reason."""

import numpy as np

from batch_inference.decode_worker import restrict
from batch_inference.decoding import Decoded, decode, prepare_pillow
from batch_inference.frame import BESIDE, DONE, LENGTH, Message, pack_message, unpack_message
from batch_inference.settings import Settings
from detector.evidence import THUMBNAIL_SIDE
from detector.package import Preprocessing
from detector.plan import Limits
from tests.fuzz.image_seeds import image_seeds
from tests.fuzz.target import IMAGE_REASONS, BrokenPromiseError, Target

# Small, so that most of the time goes to what reads the file and not to what scales its pixels.
SIZE = 32
# The area at which the search for watermarks begins.
LIMITS = Limits(max_pixels=1 << 16, min_side=4)
KINDS = ("resize_center_crop", "resize_square", "native_crop")
SPECS = tuple(Preprocessing(kind=kind, size=SIZE) for kind in KINDS)
SCORED = "scored"


def prepare() -> None:
    """Make this process a decode worker in all that matters: Pillow's settings and its bounds."""
    prepare_pillow(LIMITS)
    restrict(Settings().decoder_bytes)


def run(data: bytes) -> str:
    """Decode; return the reason's code, or ``scored``.

    Raises
    ------
    BrokenPromiseError
        If the outcome is not what the scorer would take from a sound worker.
    """
    first, second = decode(data, SPECS[len(data) % len(SPECS)], LIMITS, thumbnail=True)
    done = _sent(Message(DONE, first))
    beside = _sent(Message(BESIDE, second))
    small = beside.thumbnail
    if small is not None and max(small.shape[:2]) > THUMBNAIL_SIDE:
        raise BrokenPromiseError(f"a thumbnail of shape {small.shape}")
    if done.error is not None:
        if done.pixels is not None or done.error.reason not in IMAGE_REASONS:
            raise BrokenPromiseError(f"the reason {done.error.reason}")
        return done.error.reason.value
    pixels = done.pixels
    if pixels is None or pixels.shape != (SIZE, SIZE, 3) or pixels.dtype != np.uint8:
        raise BrokenPromiseError("neither pixels of the detector's shape nor a reason")
    if small is None:
        raise BrokenPromiseError("a scored image without a thumbnail")
    return SCORED


def _sent(message: Message) -> Decoded:
    """Return an outcome as it arrives at the scorer, through the frames between the two."""
    packed = pack_message(message)
    (head,) = LENGTH.unpack_from(packed)
    at = LENGTH.size + head
    arrived = unpack_message(packed[LENGTH.size : at], packed[at + LENGTH.size :], SIZE)
    if arrived.kind != message.kind or arrived.decoded is None:
        raise BrokenPromiseError(f"a message {message.kind!r} arrives as {arrived.kind!r}")
    return arrived.decoded


TARGET = Target("decoder", run, image_seeds, (SCORED, *(reason.value for reason in IMAGE_REASONS)))
