"""The model as contenders take it: our graphs, and a folder as transformers writes it."""

import json
import os
import shutil
from pathlib import Path

from safetensors.numpy import save_file

from training import embedded, wheel
from training.vision import VisionWeights


def write_models(cache: Path) -> Path:
    """Return a folder with ``model.onnx``, ``model.int8.onnx`` and ``clip/``, made on first use."""
    package = embedded.build()
    folder = cache / "throughput" / package.name
    if folder.exists():
        return folder
    unfinished = folder.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / "clip").mkdir(parents=True)
    for path in package.glob("*.onnx"):
        os.link(path, unfinished / path.name)
    write_clip(wheel.load(cache), unfinished / "clip")
    return unfinished.rename(folder)


def write_clip(weights: VisionWeights, folder: Path) -> None:
    """Write CLIP's image tower so that transformers loads it from a folder."""
    config = weights.config.model_dump(exclude={"family", "interpolation"})
    named = {"architectures": ["CLIPVisionModelWithProjection"], "model_type": "clip_vision_model"}
    processor = {
        "image_processor_type": "CLIPImageProcessor",
        "size": {"shortest_edge": weights.config.image_size},
        "crop_size": {"height": weights.config.image_size, "width": weights.config.image_size},
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
        "resample": 3,
        "do_resize": True,
        "do_center_crop": True,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "do_convert_rgb": True,
    }
    (folder / "config.json").write_text(json.dumps({**named, **config}))
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    save_file(weights.state, folder / "model.safetensors", metadata={"format": "pt"})
