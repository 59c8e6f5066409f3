"""The watch over the detector: golden set, drift and shadow, each by what it is there for."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from aidetect.main import app
from aidetect.samples import write_samples
from detector.evaluation import Label
from detector.feedback import Correction
from detector.layout import BatchLayout
from detector.plan import Lane
from detector.verdict import Verdict
from functions.watch.live import LEAST
from tests.integration import alarms
from tests.integration.stack import Stack, eventually

pytestmark = pytest.mark.integration

# The least that drift is told of.
LEAST_TOLD = 30


def run(*words: str | Path) -> dict[str, Any]:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


class Heard:
    """What the alarms told, by the alarm's logical name, while this listens."""

    def __init__(self, stack: Stack) -> None:
        self._stack, self._told = stack, list[tuple[str, str]]()

    def state(self, name: str, wanted: str) -> None:
        """Wait until an alarm told a state, after whatever was asked for before."""

        def look() -> bool | None:
            self._told += alarms.heard(self._stack)
            return any(name in alarm and state == wanted for alarm, state in self._told) or None

        eventually(look, seconds=120, what=f"{name} {wanted}; heard {self._told}")
        self._told = []


@pytest.fixture
def heard(stack: Stack) -> Heard:
    list(alarms.heard(stack))
    return Heard(stack)


@pytest.fixture
def number(stack: Stack) -> Callable[[str], list[float]]:
    """Read the values that CloudWatch was told of a metric lately, the newest first."""
    cloudwatch = stack.session.client("cloudwatch", endpoint_url=stack.endpoint)

    def read(name: str) -> list[float]:
        metric: Any = {
            "Namespace": "aidetect",
            "MetricName": name,
            "Dimensions": [{"Name": "Stack", "Value": stack.target.stack}],
        }
        stat: Any = {"Metric": metric, "Period": 10, "Stat": "Maximum"}
        now = datetime.now(UTC)
        (found,) = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "m", "MetricStat": stat}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
        )["MetricDataResults"]
        return list(found["Values"])

    return read


def test_wrong_labels_in_the_golden_set_raise_the_alarm_until_they_are_put_right(
    stack: Stack, heard: Heard, tmp_path: Path
) -> None:
    """Real photographs, some labelled ai on purpose: none of these is called so."""
    real, wrong = tmp_path / "real", tmp_path / "wrong"
    paths = write_samples(tmp_path / "samples")[:4]
    for folder, images in ((real, paths[:2]), (wrong, paths[2:])):
        folder.mkdir()
        for path in images:
            (folder / path.name).write_bytes(path.read_bytes())
    before = stack.keys(stack.target.outputs.ResultsBucket, "results/")
    assert run("golden", "add", real, "--label", "real")["new"] == 2
    assert run("golden", "add", wrong, "--label", "ai")["new"] == 2

    first = run("golden", "run")
    assert (first["real"], first["ai"], first["real_right"], first["ai_right"]) == (2, 2, 1.0, 0.0)
    heard.state("GoldenAccuracyAlarm", "ALARM")

    assert run("golden", "add", wrong, "--label", "real")["moved"] == 2
    shown = run("golden", "show")
    assert shown["images"] == {"real": 4, "ai": 0}
    assert [one["batch"] for one in shown["runs"]] == [first["batch"]]
    heard.state("GoldenAccuracyAlarm", "OK")
    # Nothing of it is among the results, and nobody's table has it.
    assert stack.keys(stack.target.outputs.ResultsBucket, "results/") == before
    assert stack.keys(stack.target.outputs.ResultsBucket, "golden/")


def noise(seed: int) -> bytes:
    """An image of noise, unlike any that the detector was released for."""
    pixels = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_a_batch_of_images_unlike_any_raises_the_drift_alarm(
    stack: Stack, heard: Heard, number: Callable[[str], list[float]]
) -> None:
    for n in range(LEAST_TOLD):
        stack.put(f"held/noise/{n}.png", noise(n))
    stack.score("held/noise/", "drift-of-noise", Lane.EXPRESS)
    heard.state("DriftAlarm", "ALARM")
    assert max(number("EmbeddingDrift")) > 1
    # An hour without such a batch on AWS; ten seconds here.
    heard.state("DriftAlarm", "OK")


def test_a_shadow_leaves_the_results_as_they_are(stack: Stack) -> None:
    """The champion itself, under another name, is the challenger: it agrees on every image."""
    outputs = stack.target.outputs
    champion = stack.target.ssm.get_parameter(Name=outputs.ChampionParameter)["Parameter"]["Value"]
    name, _, version = champion.partition("@")
    s3, prefix = stack.target.s3, f"models/{name}/{version}/"
    for key in stack.keys(outputs.ModelsBucket, prefix):
        source = {"Bucket": outputs.ModelsBucket, "Key": key}
        target = f"models/challenger/{version}/{key.removeprefix(prefix)}"
        s3.copy_object(Bucket=outputs.ModelsBucket, Key=target, CopySource=source)  # type: ignore[arg-type]
    described = f"models/challenger/{version}/detector.json"
    with s3.get_object(Bucket=outputs.ModelsBucket, Key=described)["Body"] as body:
        document = json.loads(body.read()) | {"name": "challenger"}
    s3.put_object(Bucket=outputs.ModelsBucket, Key=described, Body=json.dumps(document).encode())

    runner = CliRunner()
    started = ["shadow", "start", f"challenger@{version}", "--share", "1"]
    assert runner.invoke(app, started).exit_code == 0
    try:
        for n in range(2):
            stack.put(f"held/shadowed/{n}.png", noise(100 + n))
        rows = stack.score("held/shadowed/", "with-a-shadow")
        before = stack.keys(outputs.ResultsBucket, "results/")

        def found() -> dict[str, Any] | None:
            findings = run("shadow", "show")["findings"]
            return next((f for f in findings if f["batch"] == "with-a-shadow"), None)

        finding = eventually(found, seconds=180, what="what the shadow found")
    finally:
        assert runner.invoke(app, ["shadow", "stop"]).exit_code == 0
    assert (finding["images"], finding["agree"], finding["difference"]) == (len(rows), 2, 0.0)
    assert finding["champion"] == champion
    assert stack.keys(outputs.ResultsBucket, "results/") == before
    assert stack.rows("with-a-shadow") == rows
    assert {row["detector"] for row in rows} == {champion}
    assert run("shadow", "show")["running"] is None


def marks(stack: Stack, batch: str) -> str:
    """Have a reviewer find a quarter of enough photographs accused; say where that lies."""
    outputs = stack.target.outputs
    champion = stack.target.ssm.get_parameter(Name=outputs.ChampionParameter)["Parameter"]["Value"]
    now = datetime.now(UTC)
    lines = [
        Correction(
            batch=batch,
            image=f"s3://{outputs.IntakeBucket}/held/marked/{number}.jpg",
            label=Label.REAL,
            verdict=Verdict.REAL if number % 4 else Verdict.AI,
            probability=0.1 if number % 4 else 0.9,
            detector=champion,
            marked_at=now.isoformat(),
        ).dumps()
        for number in range(LEAST)
    ]
    where = BatchLayout(outputs.ResultsBucket, batch, f"{now:%Y-%m-%d}").feedback.join("r.jsonl")
    body = "".join(" ".join(line.splitlines()) + "\n" for line in lines)
    stack.target.s3.put_object(Bucket=where.bucket, Key=where.key, Body=body.encode())
    return where.key


def test_photographs_that_reviewers_find_accused_raise_the_alarm(
    stack: Stack, heard: Heard
) -> None:
    key = marks(stack, "marked")
    functions, watch = stack.functions, stack.function("Watch")
    try:
        assert "FunctionError" not in functions.invoke(FunctionName=watch, Payload=b"{}")
        heard.state("LiveAccuracyAlarm", "ALARM")
    finally:
        stack.target.s3.delete_object(Bucket=stack.target.outputs.ResultsBucket, Key=key)
    heard.state("LiveAccuracyAlarm", "OK")


def test_the_daily_tick_scores_the_golden_set_once(stack: Stack) -> None:
    functions, watch = stack.functions, stack.function("Watch")
    for _ in range(2):
        assert "FunctionError" not in functions.invoke(FunctionName=watch, Payload=b"{}")
    began = datetime.now(UTC) - timedelta(hours=1)
    day = [e for e in stack.executions(began) if e.batch == f"golden-{datetime.now(UTC):%Y%m%d}"]
    assert len(day) == 1
    execution, why = stack.end(day[0].arn)
    assert execution.status == "SUCCEEDED", why
