"""The state machine's request: of CreateTrainingJob's shape, and all that the trainer reads."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.emulator.aidetect_emulator.sagemaker_metrics import MetricWatch
from tests.unit.training.sagemaker.requests import request_errors
from training.sagemaker.context import DATASET_CHANNEL, RUN_CHANNEL, RUN_PARAMETER
from training.track.lines import Lines

MACHINE = Path(__file__).resolve().parents[4] / "statemachines" / "training.asl.yaml"
# As long as an ARN, which has the longest of the least lengths.
FILLER = "arn:aws:iam::123456789012:role/some"
SYNC = "arn:aws:states:::sagemaker:createTrainingJob.sync"


def resolved(value: Any) -> Any:
    """Put something of the right kind in the place of every path and substitution."""
    if isinstance(value, list):
        return [resolved(inner) for inner in value]
    if not isinstance(value, dict):
        return re.sub(r"\$\{\w+\}", FILLER, value) if isinstance(value, str) else value
    found = {}
    for key, inner in value.items():
        name = key.removesuffix(".$")
        is_path, is_number = key != name, str(inner).startswith("States.StringToJson")
        found[name] = (3600 if is_number else FILLER) if is_path else resolved(inner)
    return found


@pytest.fixture
def request_made() -> dict[str, Any]:
    states = yaml.safe_load(MACHINE.read_text(encoding="utf-8"))["States"]
    (state,) = [s for s in states.values() if s.get("Resource") == SYNC]
    made: dict[str, Any] = resolved(state["Parameters"])
    return made


def test_it_is_what_the_service_takes(request_made: dict[str, Any]) -> None:
    assert request_errors(request_made) == ""
    assert "RoleArn" in request_errors({k: v for k, v in request_made.items() if k != "RoleArn"})
    request_made["StoppingCondition"]["MaxRuntimeInSeconds"] = "3600"
    assert "MaxRuntimeInSeconds" in request_errors(request_made)


def test_it_gives_the_trainer_all_it_reads(request_made: dict[str, Any]) -> None:
    entry = request_made["AlgorithmSpecification"]["ContainerEntrypoint"]
    assert entry == ["python", "-m", "training", "sagemaker"]
    assert set(request_made["HyperParameters"]) == {RUN_PARAMETER}
    channels = {c["ChannelName"]: c["DataSource"] for c in request_made["InputDataConfig"]}
    assert channels.keys() == {RUN_CHANNEL, DATASET_CHANNEL}
    for source in channels.values():
        assert source["S3DataSource"]["S3DataType"] == "S3Prefix"
    assert request_made["CheckpointConfig"]["LocalPath"] == "/opt/ml/checkpoints"
    assert request_made["ResourceConfig"]["InstanceCount"] == 1
    assert request_made["EnableManagedSpotTraining"] is True


def test_its_patterns_find_the_trainers_lines(request_made: dict[str, Any]) -> None:
    watch = MetricWatch(request_made["AlgorithmSpecification"])
    names = [m["Name"] for m in request_made["AlgorithmSpecification"]["MetricDefinitions"]]
    stream = io.StringIO()
    # Names in the definitions have a colon where lines have a slash.
    Lines(stream).log(7, {name.replace(":", "/"): 1.5e-05 for name in names})
    for line in stream.getvalue().splitlines():
        watch.look(line)
    assert watch.last == dict.fromkeys(names, 1.5e-05)
