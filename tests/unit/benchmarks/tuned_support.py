"""A small encoder, images of four sources, and what is kept of them, for tests of tuning."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.tuned.activation import Activations, activations
from detector.evaluation import Label
from training.dataset import LabelledImage
from training.fitting import Setting
from training.vision import VisionConfig, VisionWeights, expected_shapes

CONFIG = VisionConfig(
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=4,
    num_attention_heads=2,
    image_size=32,
    patch_size=8,
    projection_dim=8,
)
START, LAYERS = 1, (2, 3)


def small_weights() -> VisionWeights:
    rng = np.random.default_rng(3)
    state = {}
    for name, shape in expected_shapes(CONFIG).items():
        value = rng.normal(0, 0.2, shape)
        norm = "norm" in name and name.endswith("weight")
        state[name] = (value + norm).astype(np.float32)
    return VisionWeights(CONFIG, state, "small", "a test", "0" * 64)


def images(folder: Path, count: int = 1) -> list[LabelledImage]:
    rng = np.random.default_rng(5)
    found = []
    for number, source in enumerate(s for s in ("a", "b", "c", "d") for _ in range(2 * count)):
        path = folder / f"{number}.png"
        Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8)).save(path)
        found.append(LabelledImage(path, list(Label)[number % 2], source))
    return found


def known(weights: VisionWeights, folder: Path, count: int = 1) -> Activations:
    listed = images(folder, count)

    def views(image: LabelledImage) -> np.ndarray:
        with Image.open(image.path) as opened:
            pixels = np.asarray(opened)
        return np.stack([pixels] * 3)

    setting = Setting(weights, folder, threads=1)
    first = activations(listed, views, folder / "kept", setting, START)

    def never(_image: LabelledImage) -> np.ndarray:
        raise AssertionError("computed twice")

    again = activations(listed, never, folder / "kept", setting, START)
    np.testing.assert_array_equal(first.states, again.states)
    return again
