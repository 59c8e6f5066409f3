"""From a folder of labelled images to a folder with a fitted head, its record and its card."""

import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import onnxruntime as ort

from detector.evaluation import Label, Report
from detector.package import Encoder, Preprocessing, describe_file
from training.card import render_card
from training.dataset import Dataset
from training.degrade import Variant
from training.features import FeatureStore, Progress, extract, open_session
from training.fit import Features, Fit, Tell, fit
from training.head import CARD_FILE, RECORD_FILE, FittedOn, HeadRecord, write_head
from training.quantize import int8_linear
from training.report import measure
from training.tower import build_graph
from training.vision import VisionWeights

LIBRARIES = ("numpy", "onnx", "onnxruntime", "pillow", "scikit-learn")
EVALUATION_FILE = "evaluation.json"
HELD_OUT = (
    "Each image was scored by a head fitted without its source (leave one source out), calibrated "
    "by the one calibration of the release."
)


@dataclass(frozen=True)
class Setting:
    """What is the same for all features of a run."""

    encoder: VisionWeights
    cache: Path
    threads: int = 2
    progress: Progress = lambda _done, _total: None

    @property
    def spec(self) -> Preprocessing:
        """CLIP's preprocessing at the encoder's own size."""
        return Preprocessing(size=self.encoder.config.image_size)

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks whose class token is looked at: the upper two thirds."""
        depth = self.encoder.config.num_hidden_layers
        return tuple(range(depth // 3 + 1, depth + 1))


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide the numbers."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def features_of(dataset: Dataset, setting: Setting, variants: tuple[Variant, ...]) -> Features:
    """Return the taps of every image in every variant.

    Computed by the 8-bit graph, which equals the float32 one to six digits at half the time.
    """

    def session() -> ort.InferenceSession:
        graph = build_graph(
            setting.encoder, setting.spec, layers=setting.layers, linear=int8_linear
        )
        return open_session(graph.SerializeToString(), setting.threads)

    store = FeatureStore(setting.cache / "features", setting.encoder.sha256, setting.layers)
    return extract(
        dataset.images,
        variants,
        session=session,
        store=store,
        spec=setting.spec,
        progress=setting.progress,
    )


def flat_metrics(report: Report) -> dict[str, float]:
    """Return the report's totals as flat numbers, for ``detector.json``."""
    found: dict[str, float] = {}
    for result in report.variants:
        stem = f"held_out.{result.variant}"
        found[f"{stem}.real_right"] = result.real_right.value
        found[f"{stem}.ai_right"] = result.ai_right.value
        found[f"{stem}.balanced"] = result.balanced.value
        found[f"{stem}.auc"] = result.auc.value
        found[f"{stem}.worst_source_real_called_ai"] = result.worst_real.called_ai
    return found


def fit_folder(
    dataset: Dataset,
    out: Path,
    setting: Setting,
    *,
    name: str,
    version: str,
    command: str,
    now: datetime,
    tell: Tell = lambda _text: None,
    fitter: Callable[..., Fit] = fit,
) -> HeadRecord:
    """Fit a head and write it with its record, card and held-out evaluation into ``out``."""
    features = features_of(dataset, setting, tuple(Variant))
    learnt = tuple(Variant)
    fitted = fitter(features, dataset.images, setting.layers, learnt=learnt, tell=tell)
    labels = [image.label for image in dataset.images]
    data = FittedOn(
        name=dataset.root.name,
        digest=dataset.digest(),
        real=labels.count(Label.REAL),
        ai=labels.count(Label.AI),
        sources=dataset.sources,
    )
    source = setting.encoder
    encoder = Encoder(
        name=source.name,
        source=source.source,
        revision=source.revision,
        sha256=source.sha256,
        licence=source.licence,
        layers=fitted.head.layers,
    )
    report = Report(
        method=HELD_OUT,
        detector=f"{name}@{version}",
        data=data.name,
        images=len(labels),
        decision=fitted.decision,
        variants=measure(fitted.held_out, dataset.images, fitted.calibration, fitted.decision),
        command=command,
        built_with=versions(),
    )
    card = render_card(
        name=name,
        version=version,
        encoder=encoder,
        size=setting.spec.size,
        strength=fitted.strength,
        learnt=tuple(v.value for v in learnt),
        data=data,
        command=command,
        report=report,
    )
    weights_file = write_head(out, fitted.head)
    (out / CARD_FILE).write_text(card, encoding="utf-8")
    record = HeadRecord(
        name=name,
        version=version,
        created_at=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        weights=weights_file,
        model_card=describe_file(out / CARD_FILE),
        encoder=encoder,
        preprocessing=setting.spec,
        calibration=fitted.calibration,
        decision=fitted.decision,
        data=data,
        strength=fitted.strength,
        learnt_from=tuple(v.value for v in learnt),
        command=command,
        built_with=versions(),
        metrics=flat_metrics(report),
    )
    (out / RECORD_FILE).write_text(record.model_dump_json(indent=2) + "\n")
    return record
