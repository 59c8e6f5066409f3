"""What collect measures of a batch that it closed."""

import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from batch_inference.drift import PSI_LARGE
from detector.calibration import Calibration
from detector.drift_reference import DRIFT_FILE, DriftReference, Limit
from detector.layout import detector_prefix
from detector.package import DetectorPackage, Encoder, PackageFile
from detector.plan import BatchPlan
from detector.sketch import DIRECTIONS, SCORE_BINS, Sketch
from detector.summary import BatchSummary
from detector.verdict import Decision
from functions.collect.watch import watch
from tests.unit.functions.conftest import MODELS
from tests.unit.functions.test_collect import NOW, PLAN, summary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Measured = Callable[..., dict[str, float]]
PINNED = PLAN.model_copy(update={"detector": PLAN.detector.model_copy(update={"bucket": MODELS})})
LOW = tuple({8: 80, 12: 20}.get(bin, 0) for bin in range(SCORE_BINS))
HIGH = tuple({16: 80, 12: 20}.get(bin, 0) for bin in range(SCORE_BINS))
REFERENCE = DriftReference(
    data="made up",
    sources=4,
    real=LOW,
    ai=HIGH,
    mean=(0.0,) * DIRECTIONS,
    within=(1.0,) * DIRECTIONS,
    between=(0.25,) * DIRECTIONS,
    false_alarm=0.001,
    limits=(Limit(images=30, psi=0.5, shift=6.0),),
)


def publish(s3: "S3Client", *, altered: bool = False) -> None:
    data = REFERENCE.dumps().encode()
    described = PackageFile(
        file=DRIFT_FILE, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)
    )
    package = DetectorPackage(
        name="probe",
        version="1",
        created_at="2026-01-01T00:00:00+00:00",
        graphs={},
        model_card=described,
        calibration=Calibration(),
        decision=Decision(threshold=0.7, unsure_from=0.4),
        encoder=Encoder(name="tiny", source="test"),
        drift=described,
    )
    prefix = detector_prefix(MODELS, "probe", "1")
    for name, body in (("detector.json", package.dumps().encode()), (DRIFT_FILE, data)):
        more = b" " if altered and name == DRIFT_FILE else b""
        s3.put_object(Bucket=MODELS, Key=prefix.join(name).key, Body=body + more)


def closed(scores: tuple[int, ...], seen: float = 0.0, plan: BatchPlan = PINNED) -> BatchSummary:
    images = sum(scores)
    sketch = Sketch(images=images, scores=scores, seen=(seen * images,) * DIRECTIONS)
    return summary(plan, NOW).model_copy(update={"sketch": sketch, "purpose": plan.purpose})


@pytest.fixture
def measured(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, float]]:
    """Watch a batch, and return the metrics that it told."""
    monkeypatch.setenv("AIDETECT_STACK", "stack")

    def measured(found: BatchSummary, plan: BatchPlan = PINNED) -> dict[str, float]:
        capsys.readouterr()
        watch(plan, found, s3=s3)
        told: dict[str, float] = {}
        for line in map(json.loads, capsys.readouterr().out.splitlines()):
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                told |= {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}
        return told

    return measured


def test_a_sound_batch_is_within_its_limits(s3: "S3Client", measured: Measured) -> None:
    publish(s3)
    found = measured(closed(LOW))
    assert set(found) == {"ScoreDriftPsi", "EmbeddingDrift"}
    assert found["EmbeddingDrift"] < 0.5


def test_images_far_from_all_are_drift_and_odd_scores_are_shown(
    s3: "S3Client", measured: Measured
) -> None:
    publish(s3)
    between = tuple(100 if bin == 12 else 0 for bin in range(SCORE_BINS))
    odd = measured(closed(between))
    assert odd["ScoreDriftPsi"] > PSI_LARGE
    assert odd["EmbeddingDrift"] < 1
    # Five and more of the standard deviations that sources' means have: 4 / 0.51.
    far = measured(closed(LOW, seen=4.0))
    assert far["EmbeddingDrift"] == pytest.approx(4 / (0.25 + 1 / 100) ** 0.5 / 6)
    assert far["EmbeddingDrift"] > 1


@pytest.mark.parametrize("scores", [tuple(n // 4 for n in LOW), (0,) * SCORE_BINS])
def test_few_images_say_nothing(
    s3: "S3Client", measured: Measured, scores: tuple[int, ...]
) -> None:
    publish(s3)
    assert measured(closed(scores)) == {}


def test_an_altered_reference_costs_the_number_and_no_batch(
    s3: "S3Client", measured: Measured
) -> None:
    publish(s3, altered=True)
    assert measured(closed(LOW)) == {}


def test_a_detector_without_a_reference_is_not_watched(measured: Measured) -> None:
    assert measured(closed(LOW)) == {}
