"""Detectors with evaluations, made up: what pages about them are made from."""

import functools
from pathlib import Path

import numpy as np

from detector.calibration import Calibration
from detector.evaluation import Label, Ladder, Report
from detector.package import DetectorPackage, Encoder, FittedOn, Graph, PackageFile
from detector.verdict import Decision
from training.calibrate import probabilities
from training.dataset import LabelledImage
from training.degrade import JUDGED
from training.details import details
from training.dossier import Dossier
from training.ladder import COPIES
from training.report import measure

BANDS = Decision(threshold=0.8, unsure_from=0.3)
CARD = """\
# Model card: {name}

It tells photographs from others.{suffix}

## What it is for
Sorting. **Not proof**{suffix}.

| images as | real |
|---|---|
| clean{suffix} | 0.97 |

## Limits
- New generators are often missed{suffix}.
"""


def images(suffix: str, each: int, sources: tuple[str, ...]) -> list[LabelledImage]:
    return [
        LabelledImage(
            Path(f"{label.value}{n}.png"),
            label,
            f"{label.value}-{source}{suffix}",
            generator=f"gen-{source}{suffix}" if label is Label.AI else "",
        )
        for label in Label
        for source in sources
        for n in range(each)
    ]


@functools.cache
def dossier(
    version: str = "1.0.0-0a1b2c3d",
    *,
    gain: float = 3.0,
    suffix: str = "",
    sources: tuple[str, ...] = ("one", "two", "three"),
    learnt: tuple[str, ...] = ("elsewhere",),
    each: int = 30,
    seed: int = 0,
) -> Dossier:
    """Return a detector whose logits of the classes lie ``gain`` apart, judged on its test.

    Parameters
    ----------
    suffix
        Goes into every name that comes from outside.
    sources, each
        Sources of each class of its test, and images of each.
    learnt
        Sources that it learnt from.
    """
    rng = np.random.default_rng(seed)
    some = images(suffix, each, sources)
    target = np.array([image.target for image in some])
    logits = {c: rng.normal(gain * (target - 0.5), 2) for c in (*COPIES, *JUDGED)}
    judged = {v: logits[v] for v in JUDGED}
    report = Report(
        method=f"Kept apart.{suffix}",
        detector=f"clip-probe@{version}",
        data=f"set{suffix}",
        images=len(some),
        decision=BANDS,
        variants=measure(judged, some, Calibration(), BANDS),
        command=f"judge{suffix}",
        built_with={"numpy": "2"},
        ladder=Ladder(
            per_group=each,
            images=len(some),
            rungs=measure({c: logits[c] for c in COPIES}, some, Calibration(), BANDS),
        ),
    )
    chances = {v: probabilities(row, Calibration()) for v, row in judged.items()}
    package = DetectorPackage(
        name="clip-probe",
        version=version,
        created_at="2026-01-02T03:04:05Z",
        graphs={Graph.FP32: PackageFile(file="model.onnx", sha256="ab" * 32, bytes=7 << 20)},
        model_card=PackageFile(file="MODEL_CARD.md", sha256="cd" * 32, bytes=5),
        calibration=Calibration(slope=1.5, intercept=-0.25),
        decision=BANDS,
        encoder=Encoder(
            name=f"tiny{suffix}", source="wheel", sha256="ef" * 32, licence="MIT", layers=(8, 12)
        ),
        built_with={"numpy": "2.4.6"},
        learnt_sources=tuple(f"{source}{suffix}" for source in learnt),
        data=FittedOn(name=f"photos{suffix}", digest="12" * 32, real=976, ai=758, sources=learnt),
        command=f"fit{suffix}",
    )
    return Dossier(
        package=package,
        card=CARD.format(name="clip-probe", suffix=suffix),
        test=report,
        details=details(chances, some, BANDS),
    )


def bare(found: Dossier) -> Dossier:
    """Return a detector as an older version released it: no curves, no ladder."""
    test = found.test.model_copy(update={"ladder": None}) if found.test else None
    return Dossier(package=found.package, card=found.card, test=test)
