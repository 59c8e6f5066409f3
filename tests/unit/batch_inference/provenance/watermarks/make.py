"""Makes the marked images beside this file with the real encoder; run by hand, not by the tests.

In an environment of its own, since the encoder needs OpenCV; of torch it needs only the name:

    pip install --no-deps invisible-watermark==0.2.0
    pip install opencv-python-headless==5.0.0.93 PyWavelets==1.9.0 numpy==2.4.6 pillow==13.0.0
    python make.py path/to/skimage/data/astronaut.png

The picture is NASA's portrait of Eileen Collins, in the public domain, as scikit-image ships it.
"""

import importlib
import json
import sys
import types
from pathlib import Path

import numpy as np
from PIL import Image

# Imported by the package for a method that is not used here.
for name in ("torch", "onnxruntime"):
    sys.modules.setdefault(name, types.ModuleType(name))
imwatermark = importlib.import_module("imwatermark")

SIDE = 304
SDXL = f"{0b101100111110110010010000011110111011000110011110:b}"
FLUX = f"{0b001010101111111010000111100111001111010100101110:b}"


def bits_of(text: bytes) -> str:
    """Return the bits of the bytes, most significant first."""
    return "".join(f"{byte:08b}" for byte in text)


# Message; whether the program hands over floating point numbers; whether in the order RGB.
PROGRAMS = {
    "sd1": (bits_of(b"StableDiffusionV1"), False, False),
    "sd2": (bits_of(b"SDV2"), False, False),
    "sdxl": (SDXL, True, False),
    "sdxl-swapped": (SDXL, True, True),
    "flux": (FLUX, True, False),
}


def main() -> None:
    """Write an image for each program, and what the real decoder reads in each."""
    folder = Path(__file__).parent
    rgb = np.asarray(Image.open(sys.argv[1]).convert("RGB"))[:SIDE, 40 : 40 + SIDE]
    read: dict[str, dict[str, str]] = {}
    for name, (message, floats, swapped) in PROGRAMS.items():
        encoder = imwatermark.WatermarkEncoder()
        encoder.set_watermark("bits", [int(bit) for bit in message])
        given = np.ascontiguousarray(rgb if swapped else rgb[:, :, ::-1])
        made = encoder.encode(given.astype(np.float32) if floats else given, "dwtDct")
        stored = np.clip(np.round(made), 0, 255).astype(np.uint8)
        seen = Image.fromarray(np.ascontiguousarray(stored if swapped else stored[:, :, ::-1]))
        seen.save(folder / f"{name}.webp", lossless=True, method=6)
        read[name] = {}
        for other, (expected, as_floats, as_swapped) in PROGRAMS.items():
            pixels = np.asarray(seen) if as_swapped else np.asarray(seen)[:, :, ::-1]
            pixels = np.ascontiguousarray(pixels.astype(np.float32) if as_floats else pixels)
            bits = imwatermark.WatermarkDecoder("bits", len(expected)).decode(pixels, "dwtDct")
            read[name][other] = "".join(str(int(bit)) for bit in bits)
    (folder / "decoded.json").write_text(json.dumps(read, indent=1) + "\n")


if __name__ == "__main__":
    main()
