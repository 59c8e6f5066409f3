"""A job's lines are JSON and name the run; a terminal's are plain."""

import json

import pytest

from detector.training_run import Stage
from training.stages.log import teller
from training.stages.main import REFUSED, main

NOWHERE = "s3:/no-bucket/runs/r-1/run.json"


def test_a_terminal_is_told_plainly(capsys: pytest.CaptureFixture[str]) -> None:
    teller({}, run="r-1")("trained")
    assert capsys.readouterr().out == "trained\n"


def test_a_job_tells_json(capsys: pytest.CaptureFixture[str]) -> None:
    teller({"AWS_BATCH_JOB_ID": "j"}, run="r-1", stage="train")("trained")
    line = json.loads(capsys.readouterr().out)
    assert {"message": "trained", "run": "r-1", "stage": "train"}.items() <= line.items()


def test_what_a_job_refuses_names_the_run_too(capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"AWS_BATCH_JOB_ID": "j", "AWS_BATCH_JOB_ATTEMPT": "2"}
    assert main(Stage.TRAIN, NOWHERE, environ=environ) == REFUSED
    line = json.loads(capsys.readouterr().out)
    assert (line["run"], line["stage"], line["attempt"]) == ("r-1", "train", 2)
    assert line["message"].startswith("refused: ")
