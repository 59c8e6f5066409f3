"""SageMaker's rules: names, refusals, files of the configuration, channels, metrics."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.emulator.aidetect_emulator.sagemaker_channel import local_name
from local.emulator.aidetect_emulator.sagemaker_config import lay_out, variables
from local.emulator.aidetect_emulator.sagemaker_metrics import MetricWatch
from local.emulator.aidetect_emulator.sagemaker_store import JobStore, RefusedError, check
from tests.unit.local.sagemaker_jobs import make_job, make_request

PLACE = ("000000000000", "us-east-1")


def test_a_name_is_taken_once_in_a_region() -> None:
    store, job = JobStore(), make_job()
    store.add(PLACE, job)
    with pytest.raises(RefusedError, match="already exists") as caught:
        store.add(PLACE, make_job())
    assert caught.value.code == "ResourceInUse"
    store.add(("000000000000", "eu-west-1"), make_job())
    assert store.get(PLACE, "train-1") is job
    assert store.all(PLACE) == [job]
    with pytest.raises(RefusedError, match="not found"):
        store.get(PLACE, "train-2")


def test_only_a_job_that_runs_is_stopped() -> None:
    store, job = JobStore(), make_job()
    store.add(PLACE, job)
    store.stop(PLACE, "train-1")
    assert job.describe()["TrainingJobStatus"] == "Stopping"
    assert job.stop.is_set()
    job.end("Stopped")
    with pytest.raises(RefusedError, match="in status Stopped"):
        store.stop(PLACE, "train-1")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"TrainingJobName": "under_score"}, "does not match"),
        ({"TrainingJobName": "x" * 64}, "does not match"),
        ({"HyperParameters": {"epochs": 1}}, "strings only"),
        ({"AlgorithmSpecification": {"TrainingImage": "x"}}, "ContainerEntrypoint"),
        ({"ResourceConfig": {"InstanceCount": 2}}, "one instance"),
        ({"EnableManagedSpotTraining": True}, "MaxWaitTimeInSeconds"),
    ],
)
def test_a_request_is_refused(changes: dict[str, Any], why: str) -> None:
    check(make_request())
    with pytest.raises(RefusedError, match=why):
        check(make_request(**changes))


def test_a_long_reason_is_cut() -> None:
    job = make_job()
    job.end("Failed", reason="x" * 2000)
    assert len(job.describe()["FailureReason"]) == 1024


def test_the_configuration(tmp_path: Path) -> None:
    request = make_request(Environment={"A": "b", "TRAINING_JOB_NAME": "mine"})
    lay_out(tmp_path, request)
    config = tmp_path / "input" / "config"
    documents = {p.stem: json.loads(p.read_text()) for p in config.iterdir()}
    assert documents["hyperparameters"] == request["HyperParameters"]
    assert documents["inputdataconfig"]["dataset"]["TrainingInputMode"] == "File"
    assert documents["resourceconfig"]["hosts"] == [documents["resourceconfig"]["current_host"]]
    assert (tmp_path / "model").is_dir()
    assert variables(make_job(**request))["TRAINING_JOB_NAME"] == "train-1"
    assert variables(make_job(**request))["A"] == "b"


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("a/b/", "a/b/c/d.tar", "c/d.tar"),
        ("a/b", "a/b/c", "c"),
        ("a/b", "a/bc", "bc"),
        ("a/b.csv", "a/b.csv", "b.csv"),
        ("", "a/b", "a/b"),
    ],
)
def test_where_an_object_goes(prefix: str, key: str, name: str) -> None:
    assert local_name(prefix, key) == name


def test_metrics_of_lines() -> None:
    rules = [{"Name": "loss", "Regex": "loss=(\\S+)"}, {"Name": "none", "Regex": "no group"}]
    watch = MetricWatch({"MetricDefinitions": rules})
    for line in ("loss=0.5", "loss=later", "no group", "x loss=1e-3 y"):
        watch.look(line)
    assert watch.last == {"loss": 0.001}
    MetricWatch({}).look("loss=1")
