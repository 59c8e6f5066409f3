"""The decoding policy: from hostile bytes to the pixels a detector sees, or a reason why not."""

import hashlib
import importlib
import io
import struct
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from batch_inference.provenance.read import read_provenance
from batch_inference.sniff import Format, describe, looks_cut, sniff
from batch_inference.thumbnail import small_pixels
from detector.package import Preprocessing
from detector.plan import Limits
from detector.preprocess import Crop, Pixels, prepare, seen_part, upright_rgb
from detector.provenance import NONE, Provenance
from detector.reason import ImageError, Reason

T = TypeVar("T")

# What Pillow's plug-ins raise on damaged files. A MemoryError is the caller's to judge.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    RuntimeError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an image file, verdict or not."""

    bytes: int | None = None
    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Decoded:
    """The outcome of decoding: pixels (uint8, [size, size, 3], RGB), or an error; never both.

    ``crop`` is the part of the upright image that the pixels show. ``thumbnail`` is the whole of
    it, small (uint8, [height, width, 3], sRGB). An image with an error may have provenance.
    """

    facts: Facts
    pixels: Pixels | None = None
    error: ImageError | None = None
    crop: Crop | None = None
    provenance: Provenance = NONE
    thumbnail: Pixels | None = None


def facts_of(data: bytes) -> Facts:
    """Return what is known before a file is opened."""
    return Facts(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def load_formats() -> None:
    """Import Pillow's plug-ins for what is scored, which the first file of each would do."""
    Image.preinit()
    for name in ("Mpo", "Tiff", "WebP"):
        importlib.import_module(f"PIL.{name}ImagePlugin")


def prepare_pillow(limits: Limits) -> None:
    """Set Pillow up for hostile files, in this process."""
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def decode(
    data: bytes,
    spec: Preprocessing,
    limits: Limits,
    admit: Callable[[int], None] = lambda _pixels: None,
    *,
    thumbnail: bool = False,
) -> Iterator[Decoded]:
    """Decode one image file, in two steps.

    What a file says beside its pixels must never cost its verdict. So the outcome is told as soon
    as it is known; whatever happens in the second step, to this process even, it stands.

    Parameters
    ----------
    data
        The file.
    spec
        The detector's preprocessing.
    limits
        Bounds on pixels.
    admit
        Called with the pixel count of the header before anything is unpacked; may wait.
    thumbnail
        Whether to make one.

    Yields
    ------
    The pixels of the first frame, or the error; then the same with provenance and thumbnail.
    """
    images: list[Image.Image] = []

    def use(image: Image.Image) -> Pixels:
        images.append(image)
        upright = upright_rgb(image)
        pixels, whole = prepare(upright, spec)
        images.extend([upright, whole])
        return pixels

    facts, made = examine(data, limits, use, admit)
    if isinstance(made, ImageError):
        decoded = Decoded(facts, error=made)
    else:
        decoded = Decoded(facts, made, crop=seen_part(*images[1].size, spec))
    yield decoded
    if not images:
        # Refused unopened, or by its size: nothing more is read of it.
        yield decoded
        return
    yield replace(
        decoded,
        provenance=read_provenance(data, images[0]),
        thumbnail=_thumbnail(*images) if thumbnail and decoded.error is None else None,
    )


def _thumbnail(image: Image.Image, upright: Image.Image, whole: Image.Image) -> Pixels:
    profile = image.info.get("icc_profile")
    return small_pixels(upright, whole, profile if isinstance(profile, bytes) else None)


def examine(
    data: bytes,
    limits: Limits,
    use: Callable[[Image.Image], T],
    admit: Callable[[int], None] = lambda _pixels: None,
) -> tuple[Facts, T | ImageError]:
    """Open one image file under the limits and make something of it.

    Parameters
    ----------
    data, limits, admit
        As for :func:`decode`.
    use
        Given the open image, nothing of it unpacked yet; what it raises is the image's fault. It
        may keep the image.

    Returns
    -------
    What is known of the file, and what ``use`` returned or why the image is refused.
    """
    facts = facts_of(data)
    kind = sniff(data)
    if kind is None:
        return facts, ImageError(Reason.UNSUPPORTED, f"the file is {describe(data)}")
    try:
        image = Image.open(io.BytesIO(data), formats=kind.openers)
        width, height = image.size
        facts = replace(facts, format=image.format, width=width, height=height)
        _check_size(width, height, limits)
        admit(width * height)
        return facts, use(image)
    except ImageError as error:
        return facts, error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return facts, ImageError(Reason.BOMB, str(error))
    except _DAMAGE as error:
        return facts, _judge(error, data, kind)


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.max_pixels:
        raise ImageError(
            Reason.BOMB, f"{width}x{height} pixels; the limit is {limits.max_pixels} pixels"
        )
    if min(width, height) < limits.min_side:
        raise ImageError(
            Reason.TOO_SMALL, f"{width}x{height} pixels; the short side must be {limits.min_side}"
        )


def _judge(error: Exception, data: bytes, kind: Format) -> ImageError:
    text = f"{type(error).__name__}: {error}"
    if "Decompressed data too large" in text or "MAX_TEXT_MEMORY" in text:
        return ImageError(Reason.BOMB, text)
    if "truncated" in text.lower() or isinstance(error, EOFError) or looks_cut(data, kind):
        return ImageError(Reason.TRUNCATED, text)
    if isinstance(error, UnidentifiedImageError):
        # Its own message only names a memory address.
        text = f"it begins like {kind.value} but has no readable header"
    return ImageError(Reason.UNDECODABLE, text)
