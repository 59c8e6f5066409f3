"""What SageMaker tells a container: files below ``input/config``, and variables.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .sagemaker_job import TrainingJob

HOST = "algo-1"
GROUP = "homogeneousCluster"


def config_files(request: Mapping[str, Any]) -> dict[str, Any]:
    """Give the documents by file name."""
    kind = request["ResourceConfig"].get("InstanceType", "")
    mode = request["AlgorithmSpecification"].get("TrainingInputMode", "File")
    return {
        "hyperparameters.json": dict(request.get("HyperParameters") or {}),
        "inputdataconfig.json": {
            channel["ChannelName"]: {
                "TrainingInputMode": channel.get("InputMode", mode),
                "S3DistributionType": "FullyReplicated",
                "RecordWrapperType": "None",
            }
            for channel in request.get("InputDataConfig") or []
        },
        "resourceconfig.json": {
            "current_host": HOST,
            "current_instance_type": kind,
            "current_group_name": GROUP,
            "hosts": [HOST],
            "instance_groups": [
                {"instance_group_name": GROUP, "instance_type": kind, "hosts": [HOST]}
            ],
            "network_interface_name": "eth0",
        },
    }


def lay_out(root: Path, request: Mapping[str, Any]) -> None:
    """Make the folders and the files that a container finds."""
    for name in ("input/config", "input/data", "model", "output/data", "checkpoints"):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, document in config_files(request).items():
        (root / "input" / "config" / name).write_text(json.dumps(document), encoding="utf-8")


def variables(job: TrainingJob) -> dict[str, str]:
    """Give the variables that SageMaker sets, and the request's own."""
    return {
        **{str(k): str(v) for k, v in (job.request.get("Environment") or {}).items()},
        "TRAINING_JOB_ARN": job.arn,
        "TRAINING_JOB_NAME": job.name,
    }
