"""The folders of a training job, as SageMaker lays them out."""

import json
from pathlib import Path

from detector.training_run import TrainingRun

RUN_URI = "s3://training/runs/train-1/run.json"


def make_container(
    root: Path, run: TrainingRun | None, *, where: str = RUN_URI, hosts: tuple[str, ...] = ("a",)
) -> Path:
    """Write the configuration and the channels ``run`` and ``dataset``."""
    config, data = root / "input" / "config", root / "input" / "data"
    for folder in (config, data / "run", data / "dataset", root / "model", root / "checkpoints"):
        folder.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps({"run": where}))
    resources = {"current_host": hosts[0], "hosts": list(hosts)}
    (config / "resourceconfig.json").write_text(json.dumps(resources))
    (data / "dataset" / "dataset.json").write_text("{}")
    (data / "run" / "catalog.jsonl").write_text("")
    if run is not None:
        (data / "run" / "run.json").write_text(run.dumps())
    return root
