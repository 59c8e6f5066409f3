"""Measure tuning: images a second, memory, and how much of the device's own speed is used.

python benchmarks/tuning.py --out FOLDER

Each configuration runs in a fresh process, on random weights of the encoder's shape and random
pixels, so that nothing but the device is measured; what reading images can deliver is measured
beside it. Utilisation is held against large matrix products on the same device in the same
precision, since a data sheet's number is reached by nobody.
"""

import argparse
import importlib.metadata
import itertools
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from detector.evaluation import Label
from detector.training_request import Recipe, Settings
from training.dataset import LabelledImage
from training.head import Head
from training.tune.batches import Batch, batches
from training.tune.defaults import rates_of
from training.tune.model import TorchDetector
from training.tune.order import Order
from training.tune.precision import Precision, choose_precision, default_device, repeatable
from training.tune.prefetch import default_workers
from training.tune.recipes import apply_recipe
from training.tune.schedule import Schedule
from training.tune.trainer import Trainer
from training.tune.views import Views
from training.vision import VisionConfig, VisionWeights, expected_shapes, preprocessing_of

MODELS = {
    # openai/clip-vit-base-patch16 and openai/clip-vit-large-patch14
    "b16": VisionConfig(patch_size=16),
    "l14": VisionConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=24,
        num_attention_heads=16,
        patch_size=14,
        projection_dim=768,
    ),
    # Only to see that this program runs.
    "tiny": VisionConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
        projection_dim=24,
    ),
}
WARM_UP = 3
# A square matrix product of this side keeps a large GPU busy, and a CPU not for minutes.
SIDES = {"cuda": (4096, 8192), "cpu": (1024,)}


def random_weights(config: VisionConfig) -> VisionWeights:
    """Return weights of a tower's shape that keep activations in range."""
    rng = np.random.default_rng(0)
    state = {
        name: np.ones(shape, np.float32)
        if "norm" in name and name.endswith("weight")
        else rng.standard_normal(shape, np.float32) * np.float32(0.02)
        for name, shape in expected_shapes(config).items()
    }
    return VisionWeights(config, state, "random", "random", "0" * 64)


def forward_flops(config: VisionConfig) -> float:
    """Return the floating-point operations of one image's forward pass, in matrix products."""
    width, tokens = config.hidden_size, config.tokens
    block = 4 * width**2 + 2 * width * config.intermediate_size + 2 * tokens * width
    patches = config.grid**2 * 3 * config.patch_size**2 * width
    return 2.0 * (tokens * block * config.num_hidden_layers + patches)


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def ceiling(precision: Precision) -> float:
    """Return the operations a second of the fastest of a few large matrix products."""
    device, best = precision.device, 0.0
    for side in SIDES[device.type]:
        a = torch.randn(side, side, device=device, dtype=precision.dtype or torch.float32)
        for _ in range(WARM_UP):
            a @ a
        for _ in range(10):
            synchronise(device)
            start = time.perf_counter()
            a @ a
            synchronise(device)
            best = max(best, 2.0 * side**3 / (time.perf_counter() - start))
    return best


def measure(model: str, recipe: str, settings: Settings, steps: int) -> dict[str, Any]:
    """Time optimiser steps of one configuration on this machine's device."""
    device, config = default_device(), MODELS[model]
    precision = choose_precision(settings.precision, device)
    depth = config.num_hidden_layers
    layers = tuple(range(depth // 3 + 1, depth + 1))
    blank = np.zeros((len(layers), config.hidden_size), np.float32)
    head = Head(layers, blank, blank + 1, blank, 0.0)
    rng = np.random.default_rng(0)
    size, count = config.image_size, settings.batch_size
    pixels = rng.integers(0, 256, (count, 1, size, size, 3), dtype=np.uint8)
    target = (np.arange(count) % 2).astype(np.float32)
    batch = Batch(pixels, target, np.ones(count, np.float32))
    with repeatable(device):
        detector = TorchDetector(random_weights(config), preprocessing_of(config), head)
        apply_recipe(detector.tower, Recipe(recipe), settings)
        detector.to(device)
        rates = rates_of(Recipe(recipe), settings)
        schedule = Schedule(WARM_UP + steps, 0, count)
        trainer = Trainer(detector, settings, rates, schedule, precision)
        seconds = []
        for step in range(WARM_UP + steps):
            synchronise(device)
            start = time.perf_counter()
            trainer.update(step, trainer.add(batch))
            synchronise(device)
            seconds.append(time.perf_counter() - start)
        peak = ceiling(precision)
    if device.type == "cuda":
        memory = torch.cuda.max_memory_allocated(device) / 2**30
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    rate = count / statistics.median(seconds[WARM_UP:])
    # Forward, and back through the activations; frozen weights need no gradients of their own.
    achieved = 2 * forward_flops(config) * rate
    return {
        "images_per_second": round(rate, 2),
        "peak_memory_gib": round(memory, 2),
        "trained_weights": sum(w.numel() for w in trainer.weights.values()),
        "teraflops": round(achieved / 1e12, 3),
        "ceiling_teraflops": round(peak / 1e12, 3),
        "utilisation": round(achieved / peak, 3),
        "seconds_of_first_step": round(seconds[0], 3),
        "seconds": [round(value, 5) for value in seconds[WARM_UP:]],
    }


def reading_rate(count: int = 64) -> float:
    """Return the images a second that reading and degrading 1-megapixel JPEGs gives."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        coarse = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        images = []
        for label in Label:
            path = Path(folder) / f"{label.value}.jpg"
            Image.fromarray(coarse).resize((1152, 864)).save(path, quality=90)
            images.append(LabelledImage(path, label, label.value))
        views = Views(images, preprocessing_of(MODELS["b16"]), Settings())
        start = time.perf_counter()
        for _ in batches(Order(images, 0), views, 8, range(count), default_workers()):
            pass
        return count / (time.perf_counter() - start)


def machine() -> dict[str, object]:
    """Say what was measured on."""
    device = default_device()
    gpu = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if gpu else f"CPU, {platform.machine()}",
        "threads": torch.get_num_threads(),
        "reading_threads": default_workers(),
        "cuda": torch.version.cuda if gpu else None,
        **{name: importlib.metadata.version(name) for name in ("torch", "transformers", "peft")},
    }


def run_alone(arguments: dict[str, Any]) -> dict[str, Any]:
    """Measure a configuration in a process of its own; say why where that fails."""
    command = [sys.executable, __file__, "--one", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        return {**arguments, "failed": lines[-1] if lines else f"exit {done.returncode}"}
    return {**arguments, **json.loads(done.stdout.splitlines()[-1])}


def render(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = [
        f"# Tuning on {result['machine']['device']}",
        "",
        f"torch {result['machine']['torch']}, transformers {result['machine']['transformers']}. "
        f"Reading and degrading 1-megapixel JPEGs gives {result['reading_images_per_second']} "
        f"images/s on {result['machine']['reading_threads']} threads; the slower of the two binds.",
        "",
        "| encoder | recipe | precision | compiled | batch | images/s | memory GiB | utilisation |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["configurations"]:
        keys = ("model", "recipe", "precision", "compile", "batch_size")
        found = ("images_per_second", "peak_memory_gib", "utilisation")
        cells = [str(row[key]) for key in keys]
        cells += ["failed", row["failed"], ""] if "failed" in row else [str(row[k]) for k in found]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "Utilisation: operations of the forward pass and of the gradients of activations, against "
        "the fastest large matrix product in the same precision on the same device.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=["b16", "l14"])
    parser.add_argument("--recipes", nargs="+", default=["layernorm", "lora"])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16", "fp16"])
    parser.add_argument("--compile", nargs="+", choices=["off", "on"], default=["off", "on"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        names = ("precision", "compile", "batch_size")
        settings = Settings(**{name: arguments.one[name] for name in names})
        one = arguments.one
        print(json.dumps(measure(one["model"], one["recipe"], settings, one["steps"])))
        return
    if arguments.out is None:
        parser.error("--out FOLDER is needed")
    rows = []
    for model, recipe, precision, compiled in itertools.product(
        arguments.models, arguments.recipes, arguments.precisions, arguments.compile
    ):
        row = run_alone(
            {
                "model": model,
                "recipe": recipe,
                "precision": precision,
                "compile": compiled == "on",
                "batch_size": arguments.batch,
                "steps": arguments.steps,
            }
        )
        rows.append(row)
        print(model, recipe, precision, compiled, row.get("images_per_second", row.get("failed")))
    result = {
        "machine": machine(),
        "reading_images_per_second": round(reading_rate(), 1),
        "configurations": rows,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "tuning.json").write_text(json.dumps(result, indent=2) + "\n")
    (arguments.out / "tuning.md").write_text(render(result))


if __name__ == "__main__":
    main()
