"""The command line against a running stack, in this process."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from aidetect.main import app
from aidetect.samples import write_samples
from tests.integration.stack import Stack, eventually

pytestmark = pytest.mark.integration


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result


def test_score_a_folder_and_ask_for_one_image(stack: Stack, tmp_path: Path) -> None:
    written = write_samples(tmp_path)
    (tmp_path / "[red]text.jpg").write_text("no image")
    (tmp_path / ".hidden").write_text("x")
    shown = run("score", str(tmp_path)).output
    assert all(path.name in shown for path in written)
    assert "[red]text.jpg" in shown
    assert "unsupported" in shown
    assert "9 images:" in shown
    assert f"Parquet: s3://{stack.target.outputs.ResultsBucket}/results/run_date=" in shown
    assert "1 hidden files are left out" in shown
    card = run("verdict", "astronaut.png").output
    assert "probability" in card
    assert "sha256" in card


def test_score_for_programs(stack: Stack, tmp_path: Path) -> None:
    photo = write_samples(tmp_path)[0]
    document = json.loads(run("score", str(photo), "--json").stdout)
    assert document["complete"] is True
    (row,) = document["rows"]
    assert row["key"].endswith(photo.name)
    assert json.loads(run("verdict", row["image"], "--json").stdout)[0]["sha256"] == row["sha256"]


def test_score_where_it_lies(stack: Stack, tmp_path: Path) -> None:
    photo = write_samples(tmp_path)[0]
    stack.put("held/where it lies/a é.png", photo.read_bytes())
    bucket = stack.target.outputs.IntakeBucket
    shown = run("score", f"s3://{bucket}/held/where it lies/").output
    assert "a é.png" in shown
    assert "1 image:" in shown


def test_nothing_under_a_prefix(stack: Stack) -> None:
    bucket = stack.target.outputs.IntakeBucket
    shown = run("score", f"s3://{bucket}/held/empty/", code=1).output
    assert "nothing to score under" in shown


def test_what_cannot_be_scored_is_said(stack: Stack, tmp_path: Path) -> None:
    assert "does not exist" in run("score", str(tmp_path / "none"), code=1).output
    assert "no row for" in run("verdict", "never-seen.jpg", code=1).output


def test_champion_and_publishing_again(stack: Stack) -> None:
    champion = run("detector", "champion").output.strip()
    assert champion.startswith("clip-b16-probe@")
    assert champion in run("detector", "publish").output
    assert champion in run("detector", "build").output


def test_redrive_moves_events_back(stack: Stack) -> None:
    outputs, sqs = stack.target.outputs, stack.target.sqs
    assert "nothing to redrive" in run("redrive").output
    sqs.send_message(QueueUrl=outputs.ArrivalsDlqUrl, MessageBody='{"Records": []}')
    assert "Moving about 1" in run("redrive").output

    def gone() -> bool | None:
        found = sqs.receive_message(QueueUrl=outputs.ArrivalsDlqUrl, VisibilityTimeout=0)
        return None if found.get("Messages") else True

    eventually(gone, what="an empty dead-letter queue")


def test_status(stack: Stack) -> None:
    assert stack.endpoint in run("local", "status").output
    document = json.loads(run("local", "status", "--json").stdout)
    assert document["running"] is True
    assert document["deployed"] is True


def test_parameters_are_checked(stack: Stack) -> None:
    assert "is not Name=Value" in run("local", "up", "-p", "nonsense", code=2).output
