"""A run and its world on disk, for tests of stages."""

from pathlib import Path
from typing import Any

from detector.plan import DetectorRef
from detector.training_request import TrainingRequest
from detector.training_run import TrainingRun
from training.stages.context import StageContext
from training.storage import LocalStorage


def make_run(champion: DetectorRef | None = None, **asked: Any) -> TrainingRun:
    request = TrainingRequest.model_validate({"dataset": "s3://photos/set/", **asked})
    return TrainingRun(
        run="train-1",
        created_at="2026-01-02T03:04:05+00:00",
        training_bucket="training",
        models_bucket="models",
        request=request,
        champion=champion,
        name="clip-test",
        version="2026.1.2",
    )


def make_context(root: Path, run: TrainingRun | None = None, **more: Any) -> StageContext:
    files = LocalStorage(root / "training" / "runs" / "train-1")
    world: dict[str, Any] = {
        "run": run or make_run(),
        "files": files,
        "training": LocalStorage(root / "training"),
        "models": LocalStorage(root / "models"),
        "scratch": root / "scratch",
        "checkpoints": files.child("checkpoints"),
        "output": files.child("model"),
    }
    return StageContext(**world | more)
