"""Training jobs for tests, and a place where they run."""

import os
import sys
from pathlib import Path
from typing import Any

from local.emulator.aidetect_emulator.sagemaker_job import TrainingJob
from local.emulator.aidetect_emulator.sagemaker_runner import Machine

BUCKET = "training"


def make_request(code: str = "", **changes: Any) -> dict[str, Any]:
    """Give a request whose container runs the code."""
    request: dict[str, Any] = {
        "TrainingJobName": "train-1",
        "RoleArn": "arn:aws:iam::000000000000:role/training",
        "HyperParameters": {"run": f"s3://{BUCKET}/runs/one/run.json"},
        "AlgorithmSpecification": {
            "TrainingImage": "trainer",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", code],
        },
        "InputDataConfig": [
            {
                "ChannelName": "dataset",
                "DataSource": {
                    "S3DataSource": {
                        "S3DataType": "S3Prefix",
                        "S3Uri": f"s3://{BUCKET}/datasets/one/",
                    }
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/runs/one/sagemaker/"},
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/runs/one/checkpoints/"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.g6.xlarge"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }
    return {**request, **changes}


def make_job(code: str = "", **changes: Any) -> TrainingJob:
    return TrainingJob(make_request(code, **changes), "arn:aws:sagemaker:::training-job/train-1")


def machine(tmp_path: Path, s3: Any, lines: list[str]) -> Machine:
    return Machine(
        python=sys.executable,
        folder=tmp_path,
        environ={"PATH": os.environ["PATH"]},
        scratch=tmp_path / "scratch",
        s3=s3,
        emit=lines.append,
        grace=5,
    )
