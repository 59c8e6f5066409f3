"""Names the shell completes, on moto's S3."""

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from aidetect import completion
from aidetect.completion import complete_batch, complete_detector, complete_run
from aidetect.target import NoStackError, Target
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.scene import a_target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONTEXT: Any = SimpleNamespace(params={})


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    found = a_target(s3)
    monkeypatch.setattr(completion, "resolve", lambda *_: found)
    return found


def put(target: Target, bucket: str, *keys: str) -> None:
    for key in keys:
        target.s3.put_object(Bucket=bucket, Key=key, Body=b"")


def test_names_of_the_stack(target: Target) -> None:
    put(target, "training", "runs/train-1/run.json", "runs/train-2/run.json", "runs/other/x")
    put(target, BUCKET, "batches/b1/plan.json", "batches/b2/plan.json", "batches/c/plan.json")
    put(
        target, "models", "models/clip/1/d", "models/clip/2/d", "models/vit/1/d", "models/a\x1b/1/d"
    )
    assert complete_run(CONTEXT, "train-") == ["train-2", "train-1"]
    assert complete_batch(CONTEXT, "b") == ["b1", "b2"]
    assert complete_detector(CONTEXT, "c") == ["clip@1", "clip@2"]
    assert complete_detector(CONTEXT, "clip@2") == ["clip@2"]
    # A name that would command the terminal is not offered to it.
    assert complete_detector(CONTEXT, "") == ["clip@1", "clip@2", "vit@1"]


def test_it_is_silent_on_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise NoStackError("none")

    monkeypatch.setattr(completion, "resolve", nowhere)
    assert complete_run(CONTEXT, "") == []


def test_it_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "resolve", lambda *_: time.sleep(3600))
    monkeypatch.setattr(completion, "PATIENCE_SECONDS", 0.01)
    assert complete_run(CONTEXT, "") == []
