"""What is shown of a stack's status, and the command that shows it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console
from typer.testing import CliRunner

from aidetect import status_command
from aidetect.main import app
from aidetect.status.document import Alarm, Arrivals, Ended, Failure, Jobs, Kind, Running, Status
from aidetect.status.view import ago, status_view

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FULL = Status(
    where="AWS eu-west-1", stack="aidetect", at=NOW, champion="clip@1",
    running=(Running(kind=Kind.SCORING, name="b1", started_at=NOW - timedelta(hours=2),
                     stage="score (batch)", done=3000, total=10000),
             Running(kind=Kind.TRAINING, name="t1", started_at=NOW, stage="prepare")),
    arrivals=Arrivals(waiting=7, in_flight=1, oldest_seconds=90), dead=2,
    jobs=Jobs(waiting=1, running=2, more=True),
    failures=(Failure(kind=Kind.SCORING, name="b0", at=NOW - timedelta(days=2),
                      why="bad\x1b[31m [red]" + "y" * 500, next="aidetect score s3://x/"),),
    batches=(Ended(batch="b8", status="complete", finished_at="2026-11-26T11:00:00Z", rows=4,
                   verdicts={"ai": 3, "error": 1}, seconds=75, lane="express", detector="clip@1",
                   dollars=0.0123),),
    alarms=(Alarm(name="aidetect-PoisonAlarm", says="Poison.", since=NOW - timedelta(minutes=5)),),
)  # fmt: skip


def drawn(status: Status) -> str:
    console = Console(width=140, record=True, file=None)
    with console.capture() as shown:
        console.print(status_view(status))
    return shown.get()


def test_what_is_shown() -> None:
    shown = drawn(FULL)
    for text in (
        "clip@1", "7 upload events wait, 1 in hand, the oldest for 2 min", "2 upload events",
        "1 wait, 2 run and more", "25.0% of the last batches", "3,000/10,000", "score (batch)",
        "3 ai, 1 error", "1 min 15 s", "$0.0123", "scoring b0 failed 2 d ago", "[red]",
        "aidetect-PoisonAlarm, since 5 min: Poison.", "→ 2 upload events were given up: aidetect",
        "aidetect score s3://x/",
    ):  # fmt: skip
        assert text in shown, text
    assert "\x1b[31m [" not in shown
    assert "y" * 300 not in shown
    quiet = FULL.model_copy(update={"running": (), "failures": (), "alarms": (), "dead": 0})
    assert "Nothing runs, and nothing is wrong." in drawn(quiet)


def test_ages() -> None:
    assert [ago(v) for v in (3, 61, 7200, 200000)] == ["3 s", "1 min", "2 h", "2 d"]


def asked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(status_command, "resolve", lambda *_: None)
    monkeypatch.setattr(status_command, "look", lambda _: FULL)
    done = CliRunner().invoke(app, ["status", *arguments], env={"COLUMNS": "140"})
    return done.exit_code, done.stdout


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    code, shown = asked(monkeypatch)
    assert (code, "3,000/10,000" in shown) == (0, True)
    code, text = asked(monkeypatch, "--json")
    document = json.loads(text)
    assert document["schema"] == "aidetect.status/1"
    assert document["error_share"] == 0.25
    assert len(document["advice"]) == 2
    assert Status.model_validate(document) == FULL


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_watching_ends_with_ctrl_c(monkeypatch: pytest.MonkeyPatch, form: list[str]) -> None:
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("aidetect.status_command.time.sleep", sleep)
    code, text = asked(monkeypatch, "--watch", "--every", "7", *form)
    assert (code, looks) == (130, [7.0, 7.0])
    if form:
        assert [json.loads(line)["stack"] for line in text.splitlines()] == ["aidetect"] * 2
