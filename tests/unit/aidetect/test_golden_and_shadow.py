"""The golden set and the shadow from the command line, on moto's S3 and SSM."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from aidetect import golden_command, shadow_command
from aidetect.golden.runs import GoldenError, run_now
from aidetect.main import app
from aidetect.target import Target
from detector.golden_set import GoldenAccuracy
from detector.layout import BatchLayout
from detector.shadow import ShadowFinding, finding_uri, read_request
from tests.unit.aidetect.scene import a_target
from tests.unit.functions.test_daily_watch import NOW

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODELS, RESULTS = "models", "results"


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    made = a_target(s3)
    for module in (golden_command, shadow_command):
        monkeypatch.setattr(module, "resolve", lambda *_: made)
    return made


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words)], env={"COLUMNS": "200"})


def asked(*words: str | Path) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.usefixtures("target")
def test_a_wrong_label_is_put_right_and_nothing_is_there_twice(tmp_path: Path) -> None:
    (tmp_path / "a.JPG").write_bytes(b"one")
    (tmp_path / "b.png").write_bytes(b"two")
    (tmp_path / "notes.txt").write_bytes(b"no image")
    first = asked("golden", "add", tmp_path, "--label", "ai")
    assert first == {"new": 2, "moved": 0, "there": 0, "left_out": 1}
    assert asked("golden", "add", tmp_path, "--label", "ai")["there"] == 2
    assert asked("golden", "add", tmp_path / "a.JPG", "--label", "real")["moved"] == 1
    assert asked("golden", "show") == {"images": {"real": 1, "ai": 1}, "runs": []}
    assert "not scored yet" in run("golden", "show").output


@pytest.mark.usefixtures("target")
def test_a_folder_without_images_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"no image")
    result = run("golden", "add", tmp_path, "--label", "ai")
    assert result.exit_code == 1
    assert "holds no image" in result.output


def test_the_last_runs_are_shown(target: Target) -> None:
    for day in (1, 2, 3):
        batch = f"golden-2026110{day}"
        found = GoldenAccuracy(
            batch=batch,
            detector="probe@1",
            at=f"2026-11-0{day}T00:00:00+00:00",
            real=3,
            ai=2,
            errors=1,
            real_right=1.0,
            ai_right=0.5,
            balanced=0.75,
            auc=0.9,
        )
        where = BatchLayout(RESULTS, batch).golden
        target.s3.put_object(Bucket=RESULTS, Key=where.key, Body=found.dumps().encode())
    runs = asked("golden", "show", "--last", "2")["runs"]
    assert [one["batch"] for one in runs] == ["golden-20261103", "golden-20261102"]
    assert "3 real, 2 ai" in run("golden", "show").output


def test_a_set_of_one_class_is_not_scored(target: Target, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"one")
    asked("golden", "add", tmp_path, "--label", "real")
    with pytest.raises(GoldenError, match="both classes"):
        run_now(target, now=NOW, timeout=1)


def test_a_challenger_runs_until_it_is_stopped(target: Target) -> None:
    refused = run("shadow", "start", "new@2")
    assert refused.exit_code == 1
    assert "is not released" in refused.output
    target.s3.put_object(Bucket=MODELS, Key="models/new/2/detector.json", Body=b"{}")
    assert "25.0% of the batches" in run("shadow", "start", "new@2", "--share", "0.25").output
    request = read_request(target.ssm, "/aidetect/shadow")
    assert request is not None
    assert (request.detector, request.share) == ("new@2", 0.25)
    assert "new@2 scores 25.0% of the batches" in run("shadow", "show").output
    assert run("shadow", "stop").exit_code == 0
    assert read_request(target.ssm, "/aidetect/shadow") is None
    assert "no challenger runs" in run("shadow", "stop").output


def test_findings_add_up(target: Target) -> None:
    for batch, images, agree, apart in (("a", 10, 9, 0.1), ("b", 30, 15, 0.3)):
        found = ShadowFinding(
            batch=batch,
            shadow=f"shadow-{batch}",
            champion="old@1",
            challenger="new@2",
            at=f"2026-11-26T00:00:00+00:0{len(batch)}",
            images=images,
            agree=agree,
            only_champion_ai=1,
            only_challenger_ai=2,
            difference=apart,
        )
        where = finding_uri(RESULTS, found.challenger, found.shadow)
        target.s3.put_object(Bucket=RESULTS, Key=where.key, Body=found.dumps().encode())
    shown = run("shadow", "show").output
    assert "60.0%" in shown
    assert "0.250" in shown
    assert [one["batch"] for one in asked("shadow", "show")["findings"]] == ["a", "b"]
