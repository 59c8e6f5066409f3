"""The daily watch, and the start of shadows."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from detector.evaluation import Label
from detector.feedback import Correction
from detector.layout import BatchLayout
from detector.marks import Mark
from detector.shadow import MOST_ROWS, ShadowRequest
from detector.summary import Counts, ScoringCompleted, Status
from detector.verdict import Verdict
from functions.shadow import handler as shadow
from functions.shadow.start import wanted
from functions.watch import handler as daily
from functions.watch.live import LEAST, live_metrics
from tests.unit.functions.conftest import CHAMPION_PARAMETER, MODELS, RESULTS, TRAINING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient

NOW = datetime(2026, 11, 26, tzinfo=UTC)
SHADOW_PARAMETER = "/stack/shadow"
ROLE = "arn:aws:iam::123456789012:role/x"
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, s3: "S3Client") -> str:
    states = boto3.client("stepfunctions")
    arn = states.create_state_machine(name="m", definition=json.dumps(PASS), roleArn=ROLE)
    for name, value in {
        "AIDETECT_STACK": "stack",
        "TRAINING_BUCKET": TRAINING,
        "RESULTS_BUCKET": RESULTS,
        "MODELS_BUCKET": MODELS,
        "CHAMPION_PARAMETER": CHAMPION_PARAMETER,
        "SHADOW_PARAMETER": SHADOW_PARAMETER,
        "STATE_MACHINE_ARN": arn["stateMachineArn"],
    }.items():
        monkeypatch.setenv(name, value)
    daily.read_settings.cache_clear()
    shadow.read_settings.cache_clear()
    return arn["stateMachineArn"]


def started(machine: str) -> dict[str, dict[str, Any]]:
    states: SFNClient = boto3.client("stepfunctions")
    found = {}
    for execution in states.list_executions(stateMachineArn=machine)["executions"]:
        described = states.describe_execution(executionArn=execution["executionArn"])
        found[execution["name"]] = json.loads(described["input"])
    return found


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return {
        metric["Name"]: line[metric["Name"]]
        for line in lines
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", [])
        for metric in directive["Metrics"]
    }


@pytest.mark.usefixtures("ssm")
def test_the_golden_set_is_scored_once_a_day(s3: "S3Client", machine: str, context: Any) -> None:
    s3.put_object(Bucket=TRAINING, Key="golden/real/a.jpg", Body=b"x")
    daily.handler({}, context)
    daily.handler({}, context)
    ((name, given),) = started(machine).items()
    assert name == f"golden-{datetime.now(UTC):%Y%m%d}"
    assert given == {"prefix": f"s3://{TRAINING}/golden/", "purpose": "golden"}


@pytest.mark.usefixtures("ssm", "s3")
def test_without_a_golden_set_nothing_is_scored(
    machine: str, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    daily.handler({}, context)
    assert started(machine) == {}
    assert told(capsys) == {"LiveMarks": 0}


@pytest.mark.usefixtures("s3")
def test_without_a_champion_there_is_nothing_to_watch(
    machine: str, context: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    daily.handler({}, context)
    assert started(machine) == {}
    assert told(capsys) == {}


def marks(label: Label, verdict: Verdict, count: int) -> list[Mark]:
    return [
        Mark(
            Correction(
                batch="b",
                image=f"s3://b/{label}-{verdict}-{n}",
                label=label,
                verdict=verdict,
                detector="probe@1.0.0",
                marked_at=NOW.isoformat(),
            ),
            NOW,
        )
        for n in range(count)
    ]


def test_live_accuracy_is_told_of_enough_marks_only() -> None:
    real = marks(Label.REAL, Verdict.REAL, LEAST - 11) + marks(Label.REAL, Verdict.AI, 10)
    few = {metric.name: metric.value for metric in live_metrics(real, "probe@1.0.0")}
    assert few == {"LiveMarks": LEAST - 1}
    real += marks(Label.REAL, Verdict.UNSURE, 1)
    enough = {metric.name: metric.value for metric in live_metrics(real, "probe@1.0.0")}
    assert enough == {"LiveMarks": LEAST, "LiveRealAccuracy": pytest.approx(90)}
    both = real + marks(Label.AI, Verdict.AI, 60) + marks(Label.AI, Verdict.REAL, LEAST - 60)
    found = {metric.name: metric.value for metric in live_metrics(both, "probe@1.0.0")}
    assert found["LiveAccuracy"] == pytest.approx(75)
    assert [metric.value for metric in live_metrics(both, "other@1")] == [0]


def completed(batch: str = "b", rows: int = 2, detector: str = "probe@1.0.0") -> ScoringCompleted:
    return ScoringCompleted(
        batch=batch,
        status=Status.COMPLETE,
        counts=Counts(rows=rows),
        detector=detector,
        summary="s3://x",
        results="s3://x",
    )


def test_a_batch_in_the_sample_is_scored_by_the_challenger_over_a_copy_of_its_manifest(
    s3: "S3Client", ssm: "SSMClient", machine: str, context: Any
) -> None:
    asked = ShadowRequest(detector="new@2", share=1)
    ssm.put_parameter(Name=SHADOW_PARAMETER, Value=asked.dumps(), Type="String")
    s3.put_object(Bucket=RESULTS, Key=BatchLayout(RESULTS, "b").manifest.key, Body=b"lines")
    event = {"detail": json.loads(completed().dumps())}
    shadow.handler(event, context)
    shadow.handler(event, context)
    ((name, given),) = started(machine).items()
    copied = BatchLayout(RESULTS, name).manifest
    assert given == {
        "batch": name,
        "manifest": str(copied),
        "purpose": "shadow",
        "detector": "new@2",
        "shadow_of": "b",
    }
    assert s3.get_object(Bucket=RESULTS, Key=copied.key)["Body"].read() == b"lines"


@pytest.mark.usefixtures("s3", "ssm")
def test_without_a_challenger_nothing_is_scored_again(machine: str, context: Any) -> None:
    shadow.handler({"detail": json.loads(completed().dumps())}, context)
    assert started(machine) == {}


def test_neither_large_batches_nor_the_challengers_own_have_a_shadow() -> None:
    asked = ShadowRequest(detector="new@2", share=1)
    assert wanted(asked, completed())
    assert not wanted(asked, completed(detector="new@2"))
    assert not wanted(asked, completed(rows=MOST_ROWS + 1))
    assert not wanted(asked, completed(rows=0))
