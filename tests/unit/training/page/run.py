"""A run with an evaluation, made up."""

import functools
from pathlib import Path

import numpy as np

from detector.calibration import Calibration
from detector.evaluation import Label, Report
from detector.plan import DetectorRef
from detector.training_request import Recipe, TrainingRequest
from detector.training_run import Comparison, SourceComparison, TrainingRun
from detector.verdict import Decision
from training.calibrate import probabilities
from training.dataset import LabelledImage
from training.degrade import JUDGED
from training.details import Details, details
from training.report import measure

BANDS = Decision(threshold=0.8, unsure_from=0.3)
CHAMPION = DetectorRef(bucket="m", name="old", version="1.0.0-12345678")


@functools.cache
def evaluated(suffix: str = "", each: int = 12) -> tuple[Report, Details]:
    """Evaluate random scores of two sources a class; ``suffix`` goes into every name."""
    rng = np.random.default_rng(0)
    images = [
        LabelledImage(Path(f"{label.value}{n}.png"), label, f"{label.value}-{s}{suffix}")
        for label in Label
        for s in ("one", "two")
        for n in range(each)
    ]
    target = np.array([image.target for image in images])
    logits = {v: rng.normal(3 * target - 1.5, 2) for v in JUDGED}
    report = Report(
        method=f"Kept apart.{suffix}",
        detector=f"new@2{suffix}",
        data=f"set{suffix}",
        images=len(images),
        decision=BANDS,
        variants=measure(logits, images, Calibration(), BANDS),
        command=f"train{suffix}",
        built_with={f"numpy{suffix}": f"2{suffix}"},
    )
    chances = {v: probabilities(row, Calibration()) for v, row in logits.items()}
    return report, details(chances, images, BANDS)


def run(suffix: str = "") -> TrainingRun:
    return TrainingRun(
        run="run-1",
        created_at="2026-01-02T03:04:05Z",
        training_bucket="t",
        models_bucket="m",
        request=TrainingRequest(
            dataset=f"s3://bucket/set/{suffix}",
            recipe=Recipe.LORA,
            requested_by=f"Ada{suffix}",
            reason=f"why{suffix}",
        ),
        champion=CHAMPION,
        name="new",
        version="2.0.0",
    )


def compared(real: float, ai: float, suffix: str = "") -> Comparison:
    """Compare with a champion that the challenger exceeds by these shares."""
    gains = {Label.REAL: real, Label.AI: ai}
    return Comparison(
        challenger="new@2",
        champion=f"{CHAMPION}{suffix}",
        rows=tuple(
            SourceComparison(
                source=f"{label.value}-{source}{suffix}",
                label=label.value,
                variant=variant.value,
                images=10,
                challenger_right=0.5 + gains[label],
                champion_right=0.5,
                basis="measured",
            )
            for variant in JUDGED
            for label in Label
            for source in ("one", "two")
        ),
        left_out=(f"lost{suffix}",),
    )
