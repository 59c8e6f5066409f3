"""What the environment says is what is opened; nothing of it fails a run."""

import io
import sys
from pathlib import Path
from typing import Any

import boto3
import pytest

from training.storage import LocalStorage
from training.track.history import HISTORY_FILE, read_history
from training.track.open import open_trackers
from training.track.tracker import Trackers

OFF = {"WANDB_MODE": "disabled"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def start(
    folder: Path, environ: dict[str, str], told: list[str] | None = None, **more: Any
) -> Trackers:
    return open_trackers(
        LocalStorage(folder / "kept"),
        folder / "scratch",
        run="run-1",
        detector="mine",
        config={"recipe": "probe"},
        environ=environ,
        tell=(told if told is not None else []).append,
        **{"stdout": io.StringIO(), **more},
    )


def names(trackers: Trackers) -> list[str]:
    return [getattr(tracker, "name", "") for tracker in trackers.trackers]


def test_without_settings_it_keeps_to_files_and_the_log(tmp_path: Path) -> None:
    stdout = io.StringIO()
    trackers = start(tmp_path, OFF, stdout=stdout)
    assert names(trackers) == ["The history", "The log", "TensorBoard"]
    trackers.log(1, {"train/loss": 0.5})
    trackers.finish({"auc": 0.75})
    kept = tmp_path / "kept"
    assert read_history((kept / HISTORY_FILE).read_bytes())[0]["train/loss"] == 0.5
    assert "metric train/loss=0.5\n" in stdout.getvalue()
    assert len(list((kept / "tracking" / "tensorboard").iterdir())) == 1


def test_a_terminal_is_not_written_to(tmp_path: Path) -> None:
    assert names(start(tmp_path, OFF, stdout=Terminal())) == ["The history", "TensorBoard"]


@pytest.mark.parametrize(
    ("environ", "namespace"),
    [
        ({"METRICS_NAMESPACE": "mine"}, "mine"),
        ({"AWS_BATCH_JOB_ID": "1"}, "aidetect"),
        ({"TRAINING_JOB_NAME": "1"}, "aidetect"),
        ({"AWS_BATCH_JOB_ID": "1", "METRICS_NAMESPACE": ""}, ""),
        ({}, ""),
    ],
)
def test_cloudwatch_is_for_jobs(
    aws: None, tmp_path: Path, environ: dict[str, str], namespace: str
) -> None:
    trackers = start(tmp_path, {**OFF, **environ}, stage="train")
    assert ("CloudWatch" in names(trackers)) is bool(namespace)
    trackers.log(1, {"train/loss": 0.5})
    trackers.finish({})
    found = boto3.client("cloudwatch").list_metrics()["Metrics"]
    assert {m["Namespace"] for m in found} == ({namespace} if namespace else set())


def test_without_a_region_cloudwatch_is_skipped_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    told: list[str] = []
    trackers = start(tmp_path, {**OFF, "METRICS_NAMESPACE": "mine"}, told)
    assert "CloudWatch" not in names(trackers)
    assert len(told) == 1
    assert "region" in told[0]


def test_what_is_not_installed_is_skipped_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("wandb", "tensorboardX"):
        monkeypatch.setitem(sys.modules, name, None)
    told: list[str] = []
    trackers = start(tmp_path, {}, told)
    assert names(trackers) == ["The history", "The log"]
    assert told == [
        "TensorBoard is skipped: tensorboardX is not installed",
        "Weights & Biases is skipped: wandb is not installed",
    ]


def test_a_secret_that_cannot_be_read_leaves_it_offline(aws: None, tmp_path: Path) -> None:
    told: list[str] = []
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none"
    trackers = start(tmp_path, {"WANDB_SECRET_ARN": arn}, told)
    assert names(trackers)[-1] == "Weights & Biases"
    trackers.log(1, {"train/loss": 0.5})
    trackers.finish({})
    assert "stays offline" in told[0]
    assert len(list((tmp_path / "kept" / "tracking" / "wandb").glob("*.tar"))) == 1
