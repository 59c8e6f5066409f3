"""The invisible watermark that the reference programs of Stable Diffusion and FLUX leave.

They write a fixed message with the method ``dwtDct`` of the package invisible-watermark: one level
of a Haar wavelet of the U channel; in each block of 4 x 4 of its approximation the largest value
but the first is moved to a quarter or to three quarters of a step of 36, for a 0 or a 1; the
message is repeated over the blocks. https://github.com/ShieldMnt/invisible-watermark
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from batch_inference.provenance.finding import Finding
from detector.provenance import Claim

Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

STEP = 36.0
BLOCK = 4
# The encoder refuses smaller images; larger ones are no generator's (SDXL makes up to 1536 x 1536).
MIN_PIXELS = 256 * 256
MAX_PIXELS = 2_400_000
# Latents are an eighth of the image, so both sides of what came out of a model are multiples.
SIDE_MULTIPLE = 8
# Blocks that are looked at, rows of them spread evenly: sixty a bit of the longest message.
MAX_BLOCKS = 8192
# The largest entry of the colour table at JPEG quality 90.
_FINE = 20
# The kind of a WebP's pixels stands behind its colour profile at the latest.
_WEBP_HEAD = 1 << 16
# OpenCV's U channel: 0.492 (B - Y). It adds 128 to bytes, and a half to floating point numbers,
# and which values are largest depends on that.
_U = 0.492 * np.array([-0.299, -0.587, 1 - 0.114])
_HALF_U = np.tile(np.stack([_U, _U[::-1]], axis=1) / 2, (2, 1)).astype(np.float32)
_OFFSET_BYTES, _OFFSET_FLOATS = 128.0, 0.5


def _bits(number: int) -> Bits:
    # The programs write the digits of the number, so without zeros in front.
    return np.array([digit == "1" for digit in f"{number:b}"])


@dataclass(frozen=True, eq=False)
class Mark:
    """A message, and how the program that writes it prepares the image.

    Parameters
    ----------
    name
        The program.
    bits
        The message.
    offset
        What is added to the U channel.
    swapped
        Whether red and blue change places: diffusers up to 0.25 handed over RGB as BGR.
    errors
        Wrong bits allowed. Were the bits of an unmarked image fair coins, so many would agree
        with probability below 1e-7 (the tail of the binomial distribution), for all marks
        together below 1e-6.
    """

    name: str
    bits: Bits
    offset: float
    swapped: bool
    errors: int


_SDXL = _bits(0b101100111110110010010000011110111011000110011110)
MARKS = (
    Mark(
        "Stable Diffusion 1",
        np.unpackbits(np.frombuffer(b"StableDiffusionV1", dtype=np.uint8)).astype(np.bool_),
        offset=_OFFSET_BYTES,
        swapped=False,
        errors=27,
    ),
    Mark(
        "Stable Diffusion 2",
        np.unpackbits(np.frombuffer(b"SDV2", dtype=np.uint8)).astype(np.bool_),
        offset=_OFFSET_BYTES,
        swapped=False,
        errors=1,
    ),
    Mark("Stable Diffusion XL", _SDXL, offset=_OFFSET_FLOATS, swapped=False, errors=5),
    Mark("Stable Diffusion XL", _SDXL, offset=_OFFSET_FLOATS, swapped=True, errors=5),
    Mark(
        "FLUX",
        _bits(0b001010101111111010000111100111001111010100101110),
        offset=_OFFSET_FLOATS,
        swapped=False,
        errors=5,
    ),
)


def may_be_marked(data: bytes, image: Image.Image) -> bool:
    """Tell by its header whether an image can be as a generator wrote it, the mark intact.

    The mark is in the colour of single pixels, so halved colour resolution wipes it out, and so
    does any JPEG quality below 90: `docs/provenance.md` has the measurements.
    """
    width, height = image.size
    return (
        image.mode in {"RGB", "RGBA"}
        and MIN_PIXELS <= width * height <= MAX_PIXELS
        and width % SIDE_MULTIPLE == height % SIDE_MULTIPLE == 0
        and _keeps_colour(data, image)
    )


def _keeps_colour(data: bytes, image: Image.Image) -> bool:
    if image.format == "WEBP":
        return data.find(b"VP8L", 0, _WEBP_HEAD) >= 0
    if image.format not in {"JPEG", "MPO"}:
        return image.format in {"BMP", "PNG", "TIFF"}
    # Each component's horizontal and vertical sampling, and its table of quantisation.
    layers: list[tuple[int, ...]] = getattr(image, "layer", [])
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    return (
        len(layers) == 3
        and len({layer[1:3] for layer in layers}) == 1
        and max(tables.get(layers[1][3], [255])) <= _FINE
    )


def read_watermark(data: bytes, image: Image.Image) -> Finding | None:
    """Return the claim of an image that carries one of the known messages.

    Parameters
    ----------
    data
        The file.
    image
        The same, opened; one that cannot be marked costs nothing, others are unpacked if they
        were not.
    """
    if not may_be_marked(data, image):
        return None
    pixels = np.asarray(image)[:, :, :3]
    for mark, wrong in compare(pixels):
        if wrong <= mark.errors:
            agree = f"{len(mark.bits) - wrong}/{len(mark.bits)}"
            return Finding((Claim.WATERMARK,), mark.name, {"message": mark.name, "bits": agree})
    return None


def compare(pixels: Bytes) -> Iterator[tuple[Mark, int]]:
    """Yield each mark and how many of its bits the image's differ from.

    Parameters
    ----------
    pixels
        uint8 [height, width, 3], RGB; both sides multiples of ``SIDE_MULTIPLE``.
    """
    height, width = (side // SIDE_MULTIPLE for side in pixels.shape[:2])
    every = -(-height * width // MAX_BLOCKS)
    strips = pixels.reshape(height, SIDE_MULTIPLE, 8 * width, 3)[::every]
    # Which of all blocks each of the chosen ones is.
    numbers = np.add.outer(np.arange(height)[::every] * width, np.arange(width)).ravel()
    low = _approximate(strips.reshape(-1, 8 * width, 3))
    votes: dict[tuple[float, bool], Floats] = {}
    for mark in MARKS:
        key = (mark.offset, mark.swapped)
        if key not in votes:
            votes[key] = _votes(low[int(mark.swapped)] + np.float32(2 * mark.offset))
        length = len(mark.bits)
        places = numbers % length
        ones = np.bincount(places, votes[key], length)
        # As the package has it: a bit is one when more than 0.498 of its blocks say so.
        found = ones > 0.498 * np.bincount(places, minlength=length)
        yield mark, int((found != mark.bits).sum())


def _approximate(pixels: Bytes) -> Floats:
    """Return the Haar approximation of U, and of U with red and blue swapped.

    It is half the sum of 2 x 2 values, and U is linear in red, green and blue, so both come out of
    one product of matrices: float32 [2, height / 2, width / 2].
    """
    rows = np.add(pixels[0::2], pixels[1::2], dtype=np.uint16).astype(np.float32)
    low = rows.reshape(-1, 6) @ _HALF_U
    return np.ascontiguousarray(low.T).reshape(2, rows.shape[0], -1)


def _votes(low: Floats) -> Floats:
    """Return what each block votes for, 0 or 1, block by block in rows."""
    np.abs(low, out=low)
    height, width = (side // BLOCK for side in low.shape)
    blocks = low.reshape(height, BLOCK, width, BLOCK)
    # The first value of a block is never moved.
    blocks[:, 0, :, 0] = 0
    largest = blocks.max(axis=1).max(axis=2).ravel()
    return np.asarray(largest % STEP > STEP / 2, dtype=np.float32)
