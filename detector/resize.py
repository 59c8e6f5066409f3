"""The resizers of 8-bit RGB images that a detector may have been fitted with.

- ``pillow``: Pillow's own, to the value what transformers' processors of CLIP and SigLIP compute.
- ``simd``: the same filters by fast_image_resize, in an eighth of the time. Its result is the same
  to the bit with AVX2, SSE 4.1 or neither, and within one grey level of Pillow's where a photograph
  is shrunk. https://github.com/Cykooz/fast_image_resize

One grey level here and there moves a logit by 0.05 on average, to no side: hardly anything, but
next to a threshold a verdict turns. So a detector is served by the resizer it was fitted with.
"""

from collections.abc import Callable, Mapping

from cykooz_resizer import FilterType, ResizeAlg, ResizeOptions, Resizer
from PIL import Image

# From an RGB image and a size (width, height), antialiased.
Resize = Callable[[Image.Image, tuple[int, int], Image.Resampling], Image.Image]

# Pillow's bicubic filter has a = -0.5, which makes it a Catmull-Rom spline.
_FILTERS = {
    Image.Resampling.BICUBIC: FilterType.catmull_rom,
    Image.Resampling.BILINEAR: FilterType.bilinear,
}


def _pillow(image: Image.Image, size: tuple[int, int], way: Image.Resampling) -> Image.Image:
    return image.resize(size, way)


def _simd(image: Image.Image, size: tuple[int, int], way: Image.Resampling) -> Image.Image:
    if image.mode != "RGB":
        raise ValueError(f"an image of mode {image.mode} cannot be resized; turn it to RGB first")
    options = ResizeOptions(resize_alg=ResizeAlg.convolution(_FILTERS[way]))
    resized = Image.new("RGB", size)
    # A new one each time: it keeps its buffers, and cannot be shared between threads.
    Resizer().resize_pil(image, resized, options)
    return resized


RESIZERS: Mapping[str, Resize] = {"pillow": _pillow, "simd": _simd}
