"""From labelled images to a folder with a fitted head, its record, evaluation and card."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import onnxruntime as ort

from batch_inference.engine import cuda_usable
from detector.calibration import Calibration
from detector.evaluation import Label, Ladder, Report
from detector.package import Encoder, FittedOn, PackageFile, Preprocessing, describe_file
from detector.training_request import Recipe
from detector.verdict import Decision
from training.adaptation import ADAPTATION_FILE, Adaptation
from training.calibrate import Floats, probabilities
from training.card import render_card
from training.dataset import LabelledImage
from training.degrade import Variant
from training.details import details
from training.features import Copy, FeatureStore, Progress, Store, extract, open_session
from training.fit import Fit
from training.head import (
    CARD_FILE,
    DETAILS_FILE,
    EVALUATION_FILE,
    RECORD_FILE,
    Head,
    HeadRecord,
    write_head,
)
from training.quantize import int8_linear
from training.report import measure
from training.tower import build_graph, float_linear
from training.vision import Array, VisionWeights, preprocessing_of

LIBRARIES = ("cykooz-resizer", "numpy", "onnx", "onnxruntime", "pillow", "scikit-learn")
HELD_OUT = (
    "Each image was scored by a head fitted without its source (leave one source out), calibrated "
    "by the one calibration of the release."
)


@dataclass(frozen=True)
class Setting:
    """What is the same for all features of a run.

    Attributes
    ----------
    encoder
        The vision tower.
    cache
        Folder of downloads and features.
    threads
        CPU threads of the encoder.
    progress
        Told of images done and in all.
    pixels
        Preprocessing, where it is not the encoder's own.
    store
        Where features are kept, where not below ``cache``.
    """

    encoder: VisionWeights
    cache: Path
    threads: int = 2
    progress: Progress = lambda _done, _total: None
    pixels: Preprocessing | None = None
    store: Store | None = None

    @property
    def spec(self) -> Preprocessing:
        """The preprocessing: by default the encoder's own."""
        return self.pixels or preprocessing_of(self.encoder.config)

    @property
    def layers(self) -> tuple[int, ...]:
        """The blocks whose class token is looked at: the upper two thirds."""
        depth = self.encoder.config.num_hidden_layers
        return tuple(range(depth // 3 + 1, depth + 1))


def versions() -> dict[str, str]:
    """Return the versions of the libraries that decide the numbers."""
    return {name: importlib.metadata.version(name) for name in LIBRARIES}


def features_of(
    images: Sequence[LabelledImage], setting: Setting, variants: Sequence[Copy]
) -> dict[Copy, Array]:
    """Return the taps of every image in every variant, float32 [N, T, hidden].

    On a CPU computed by the 8-bit graph, which equals the float32 one to six digits at half the
    time.
    """
    cuda = cuda_usable()

    def session() -> ort.InferenceSession:
        linear = float_linear if cuda else int8_linear
        graph = build_graph(setting.encoder, setting.spec, layers=setting.layers, linear=linear)
        return open_session(graph.SerializeToString(), setting.threads, cuda=cuda)

    store = setting.store or FeatureStore(
        setting.cache / "features", setting.encoder.sha256, setting.layers, setting.spec
    )
    return extract(
        images,
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


@dataclass(frozen=True)
class Learnt:
    """What a recipe came to, and how it did on images that it never saw.

    ``held_out`` are logits [N] of each judged variant for the N ``judged`` images; ``method`` says
    how these were kept apart; ``ladder`` is how some of them did on the ladder of degradations.
    """

    head: Head
    calibration: Calibration
    decision: Decision
    held_out: dict[Variant, Floats]
    judged: tuple[LabelledImage, ...]
    method: str
    strength: float
    learnt_from: tuple[Variant, ...]
    recipe: Recipe = Recipe.PROBE
    adaptation: Adaptation | None = None
    ladder: Ladder | None = None

    @classmethod
    def of(
        cls, found: Fit, images: Sequence[LabelledImage], learnt: tuple[Variant, ...]
    ) -> "Learnt":
        """Return what a probe's fit came to."""
        return cls(
            head=found.head,
            calibration=found.calibration,
            decision=found.decision,
            held_out=found.held_out,
            judged=tuple(images),
            method=HELD_OUT,
            strength=found.strength,
            learnt_from=learnt,
        )


@dataclass(frozen=True)
class Naming:
    """What a fitted head is called, and how and when it was made."""

    name: str
    version: str
    command: str
    now: datetime


def fitted_on(name: str, digest: str, images: Sequence[LabelledImage]) -> FittedOn:
    """Describe the images that were learnt from."""
    labels = [image.label for image in images]
    return FittedOn(
        name=name,
        digest=digest,
        real=labels.count(Label.REAL),
        ai=labels.count(Label.AI),
        sources=tuple(sorted({image.source for image in images})),
    )


def _encoder(source: VisionWeights, layers: tuple[int, ...]) -> Encoder:
    return Encoder(
        name=source.name,
        source=source.source,
        revision=source.revision,
        sha256=source.sha256,
        licence=source.licence,
        layers=layers,
    )


def _adaptation(out: Path, adaptation: Adaptation | None) -> PackageFile | None:
    if adaptation is None:
        return None
    (out / ADAPTATION_FILE).write_bytes(adaptation.dumps())
    return describe_file(out / ADAPTATION_FILE)


def write_fitted(
    out: Path, learnt: Learnt, data: FittedOn, setting: Setting, naming: Naming
) -> HeadRecord:
    """Write a fitted head with its record, card and held-out evaluation into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    encoder = _encoder(setting.encoder, learnt.head.layers)
    report = Report(
        method=learnt.method,
        detector=f"{naming.name}@{naming.version}",
        data=data.name,
        images=len(learnt.judged),
        decision=learnt.decision,
        variants=measure(learnt.held_out, learnt.judged, learnt.calibration, learnt.decision),
        command=naming.command,
        built_with=versions(),
        ladder=learnt.ladder,
    )
    chances = {v: probabilities(row, learnt.calibration) for v, row in learnt.held_out.items()}
    found = details(chances, learnt.judged, learnt.decision)
    card = render_card(
        name=naming.name,
        version=naming.version,
        encoder=encoder,
        size=setting.spec.size,
        strength=learnt.strength,
        learnt=tuple(v.value for v in learnt.learnt_from),
        data=data,
        command=naming.command,
        report=report,
    )
    weights_file = write_head(out, learnt.head)
    (out / CARD_FILE).write_text(card, encoding="utf-8")
    (out / EVALUATION_FILE).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (out / DETAILS_FILE).write_text(found.model_dump_json() + "\n", encoding="utf-8")
    record = HeadRecord(
        name=naming.name,
        version=naming.version,
        created_at=naming.now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        weights=weights_file,
        model_card=describe_file(out / CARD_FILE),
        encoder=encoder,
        preprocessing=setting.spec,
        calibration=learnt.calibration,
        decision=learnt.decision,
        data=data,
        strength=learnt.strength,
        learnt_from=tuple(v.value for v in learnt.learnt_from),
        command=naming.command,
        built_with=versions(),
        metrics=flat_metrics(report),
        recipe=learnt.recipe,
        adaptation=_adaptation(out, learnt.adaptation),
        evaluation=describe_file(out / EVALUATION_FILE),
        details=describe_file(out / DETAILS_FILE),
    )
    (out / RECORD_FILE).write_text(record.model_dump_json(indent=2) + "\n")
    return record
