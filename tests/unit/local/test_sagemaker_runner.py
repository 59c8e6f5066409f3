"""A training job as a real process in the contract's folders, with S3 in memory."""

import io
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from local.emulator.aidetect_emulator.sagemaker_runner import run
from tests.unit.local.sagemaker_jobs import BUCKET, machine, make_job

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEAD = """
import os, json, sys, time, signal
from pathlib import Path
root = Path(os.environ["AIDETECT_OPT_ML"])
"""
SAVES = (
    HEAD
    + """
(root / "model" / "head.json").write_text("{}")
(root / "model" / "deep").mkdir()
(root / "model" / "deep" / "file").write_text("x")
(root / "output" / "data" / "log").write_text("x")
print(*sorted(p.name for p in (root / "input/data/dataset").rglob("*")))
print(*sorted(p.name for p in (root / "checkpoints").iterdir()))
print("metric train/loss=0.5")
"""
)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        for key in ("datasets/one/dataset.json", "datasets/one/train/0.tar", "datasets/one2/no"):
            client.put_object(Bucket=BUCKET, Key=key, Body=b"data")
        client.put_object(Bucket=BUCKET, Key="runs/one/checkpoints/step-0", Body=b"earlier")
        yield client


def keys(s3: "S3Client", prefix: str = "runs/one/") -> list[str]:
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return [o["Key"].removeprefix(prefix) for o in found]


def body(s3: "S3Client", key: str) -> bytes:
    return s3.get_object(Bucket=BUCKET, Key=f"runs/one/{key}")["Body"].read()


def test_a_job_that_ends_well(tmp_path: Path, s3: "S3Client") -> None:
    lines: list[str] = []
    code = SAVES + '(root / "checkpoints" / "step-1").write_text("new")'
    job = make_job(code)
    job.request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "train:loss", "Regex": "metric train/loss=([0-9.]+)"}
    ]
    seen: list[tuple[str, str]] = []
    job.changed = lambda j: seen.append((j.status, j.secondary))
    run(job, machine(tmp_path, s3, lines))
    assert job.status == "Completed", job.reason
    assert lines == ["0.tar dataset.json train", "step-0", "metric train/loss=0.5"]
    place = "sagemaker/train-1/output/"
    written = ["checkpoints/step-0", "checkpoints/step-1", f"{place}model.tar.gz"]
    assert keys(s3) == [*written, f"{place}output.tar.gz"]
    with tarfile.open(fileobj=io.BytesIO(body(s3, f"{place}model.tar.gz"))) as tar:
        assert tar.getnames() == ["deep", "deep/file", "head.json"]
    assert seen == [
        ("InProgress", "Starting"),
        ("InProgress", "Downloading"),
        ("InProgress", "Training"),
        ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ]
    shown = job.describe()
    assert shown["FinalMetricDataList"][0]["Value"] == 0.5
    assert shown["TrainingTimeInSeconds"] >= 1
    assert "FailureReason" not in shown
    assert all(t["EndTime"] >= t["StartTime"] for t in shown["SecondaryStatusTransitions"])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ('(root / "output/failure").write_text(" one class "); sys.exit(2)', "one class"),
        ("sys.exit(3)", ""),
    ],
)
def test_a_job_that_fails(tmp_path: Path, s3: "S3Client", code: str, reason: str) -> None:
    job = make_job(SAVES + code)
    run(job, machine(tmp_path, s3, []))
    number = 2 if reason else 3
    assert (job.status, job.secondary) == ("Failed", "Failed")
    assert job.reason == f"AlgorithmError: {reason}, exit code: {number}"
    # What was written for people is there; a model is not.
    assert keys(s3, "runs/one/sagemaker/") == ["train-1/output/output.tar.gz"]


WAITS = (
    SAVES
    + """
def stop(*_):
    (root / "checkpoints" / "last").write_text("kept")
    sys.exit(143)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(60)
"""
)


def test_a_job_that_is_stopped(tmp_path: Path, s3: "S3Client") -> None:
    lines: list[str] = []
    job = make_job(WAITS)
    thread = threading.Thread(target=run, args=(job, machine(tmp_path, s3, lines)))
    thread.start()
    end = time.monotonic() + 20
    while "ready" not in lines:
        assert time.monotonic() < end
        time.sleep(0.02)
    job.stop.set()
    thread.join(20)
    assert (job.status, job.secondary) == ("Stopped", "Stopped")
    assert body(s3, "checkpoints/last") == b"kept"


def test_a_job_out_of_time(tmp_path: Path, s3: "S3Client") -> None:
    job = make_job(WAITS, StoppingCondition={"MaxRuntimeInSeconds": 1})
    run(job, machine(tmp_path, s3, []))
    assert (job.status, job.secondary) == ("Stopped", "MaxRuntimeExceeded")
    assert body(s3, "checkpoints/last") == b"kept"


def test_a_job_stopped_before_it_trains(tmp_path: Path, s3: "S3Client") -> None:
    job, lines = make_job(SAVES), list[str]()
    job.stop.set()
    run(job, machine(tmp_path, s3, lines))
    assert (job.status, lines) == ("Stopped", [])


def channel(uri: str, kind: str = "S3Prefix") -> list[dict[str, Any]]:
    source = {"S3DataType": kind, "S3Uri": uri}
    return [{"ChannelName": "dataset", "DataSource": {"S3DataSource": source}}]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"InputDataConfig": channel(f"s3://{BUCKET}/none/")},
            "ClientError: Data download failed: No S3 objects found",
        ),
        (
            {"InputDataConfig": channel(f"s3://{BUCKET}/datasets/one/", "ManifestFile")},
            "ClientError: channel dataset: here only S3Prefix is read",
        ),
        ({"InputDataConfig": channel("s3://nowhere/x/")}, "InternalServerError: An error occurred"),
        (
            {"CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/c/", "LocalPath": "/mnt/c"}},
            "ClientError: CheckpointConfig: here LocalPath must lie below /opt/ml",
        ),
    ],
)
def test_a_job_that_cannot_begin(
    tmp_path: Path, s3: "S3Client", changes: dict[str, Any], reason: str
) -> None:
    lines: list[str] = []
    job = make_job(SAVES, **changes)
    run(job, machine(tmp_path, s3, lines))
    assert (job.status, lines) == ("Failed", [])
    assert job.reason.startswith(reason)


def test_checkpoints_that_cannot_be_kept_fail_the_job(
    tmp_path: Path, s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = s3.upload_file

    def refused(path: str, bucket: str, key: str) -> None:
        if "checkpoints" in key:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")
        upload(path, bucket, key)

    monkeypatch.setattr(s3, "upload_file", refused)
    job = make_job(SAVES + '(root / "checkpoints" / "step-1").write_text("new")')
    run(job, machine(tmp_path, s3, []))
    assert job.status == "Failed"
    assert job.reason.startswith("ClientError: checkpoints cannot be uploaded")


def test_folders_in_variables_and_words_are_the_jobs_own(tmp_path: Path, s3: "S3Client") -> None:
    lines: list[str] = []
    code = HEAD + 'print(os.environ["TRAINING_SCRATCH"], os.environ["X"], *sys.argv[1:])'
    job = make_job(code, Environment={"TRAINING_SCRATCH": "/tmp/work", "X": "/opt/ml/x"})
    job.request["AlgorithmSpecification"]["ContainerArguments"] = [
        "/opt/ml/input",
        "/opt/mlx",
    ]
    run(job, machine(tmp_path, s3, lines))
    own = tmp_path / "scratch"
    assert lines == [f"{own}/tmp/work {own}/ml/x {own}/ml/input /opt/mlx"]
