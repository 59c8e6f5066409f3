"""Tuning jobs over a tiny tower and pictures made on the spot."""

from pathlib import Path
from typing import Any

import numpy as np

from detector.training_request import Recipe, Settings
from tests.unit.training.tiny import CONFIG, make_images, tiny_weights
from training.dataset import LabelledImage, load_dataset
from training.degrade import Variant
from training.features import open_session, read_pixels
from training.head import Head
from training.storage import LocalStorage
from training.tower import build_graph
from training.tune.job import TuneJob
from training.vision import VisionConfig, VisionWeights, preprocessing_of

LAYERS = (2, 3)
QUICK = {"batch_size": 8, "epochs": 2.0, "degrade": False, "learning_rate": 1e-2}


def pictures(folder: Path, per_source: int = 6) -> list[LabelledImage]:
    """Return two sources of each class, made anew where they are not there."""
    if not folder.exists():
        make_images(folder, per_source)
    return list(load_dataset(folder).images)


def first_head(
    weights: VisionWeights, images: list[LabelledImage], layers: tuple[int, ...] = LAYERS
) -> Head:
    """Return a head that standardises these images' taps and knows nothing yet."""
    spec = preprocessing_of(weights.config)
    graph = build_graph(weights, spec, layers=layers)
    pixels = [read_pixels(i.path.read_bytes(), [Variant.CLEAN], 0, spec)[0] for i in images]
    session = open_session(graph.SerializeToString(), 1)
    taps = np.asarray(session.run(["taps"], {"pixels": np.stack(pixels)})[0])
    mean, scale = taps.mean(axis=0), taps.std(axis=0).clip(1e-4)
    return Head(layers, mean, scale, np.zeros_like(mean), 0.0)


def make_job(
    root: Path,
    recipe: Recipe = Recipe.LAYERNORM,
    config: VisionConfig = CONFIG,
    checkpoints: str = "checkpoints",
    **settings: Any,
) -> TuneJob:
    """Return a job over pictures below ``root``; its images are also its held ones."""
    images = pictures(root / "images")
    weights = tiny_weights(config)
    return TuneJob(
        encoder=weights,
        spec=preprocessing_of(config),
        head=first_head(weights, images),
        learn=images,
        held=images[::2],
        recipe=recipe,
        settings=Settings(**{**QUICK, **settings}),
        checkpoints=LocalStorage(root / checkpoints),
    )
