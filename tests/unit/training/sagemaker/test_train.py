"""The real train stage in the contract's folders: interrupted, started again, its model fetched."""

import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from detector.training_run import TrainingRun
from tests.unit.training.sagemaker.containers import make_container
from tests.unit.training.stages.worlds import make_context, make_run
from tests.unit.training.tiny import write_encoder
from training.data.prepared import read_prepared
from training.sagemaker.main import main
from training.stages.context import StageContext
from training.stages.main import DONE, STOPPED
from training.stages.model import fetch_model
from training.stages.prepare import prepare
from training.stages.train import train


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny encoder as a user would bring one."""
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five sources of each class that even a random encoder tells apart: smooth ones are "ai"."""
    root, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(1)
    for label in ("real", "ai"):
        for source in range(5):
            folder = root / label / f"{label}-{source}"
            folder.mkdir(parents=True)
            for number in range(6):
                image = Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8))
                if label == "ai":
                    image = image.filter(ImageFilter.GaussianBlur(3))
                image.save(folder / f"{number}.png")
    return root


@pytest.fixture
def world(
    tmp_path: Path, images: Path, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> StageContext:
    """A run that is prepared, on disk."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run = make_run(dataset=str(images), encoder=encoder, compute="sagemaker")
    context = make_context(tmp_path / "world", run)
    prepare(context)
    return context


def container(root: Path, world: StageContext, run: TrainingRun) -> Path:
    """Lay out a job's folders with the channels that the state machine names."""
    make_container(root, run)
    prepared, _ = read_prepared(world.files)
    channels = {"run": f"{world.files.uri}/prepared", "dataset": prepared.dataset}
    for name, source in channels.items():
        shutil.copytree(source, root / "input" / "data" / name, dirs_exist_ok=True)
    return root


@pytest.mark.parametrize(
    "asked",
    [
        {"settings": {"degrade": False}},
        {"recipe": "layernorm", "settings": {"batch_size": 8, "degrade": False, "epochs": 0.5}},
    ],
    ids=["probe", "layernorm"],
)
def test_an_interrupted_job_goes_on_and_its_model_is_fetched(
    world: StageContext,
    tmp_path: Path,
    asked: dict[str, object],
    capsys: pytest.CaptureFixture[str],
) -> None:
    request = type(world.run.request).model_validate(world.run.request.model_dump() | asked)
    run = world.run.model_copy(update={"request": request})
    environ = {"TRAINING_SCRATCH": str(tmp_path / "scratch")}
    seen: list[int] = []

    def interrupted(context: StageContext) -> dict[str, str]:
        def soon(what: str, done: int, total: int) -> None:
            if what == "looking at images":
                seen.append(total)
                if done >= 5:
                    context.stop.set()

        return train(replace(context, progress=soon))

    first = container(tmp_path / "first", world, run)
    assert main(first, environ=environ, work=interrupted) == STOPPED
    kept = first / "checkpoints"
    assert list(kept.rglob("part-*")), "what was seen is not kept"
    assert list((first / "model").iterdir()) == []

    # SageMaker starts the container again on another machine, with the checkpoints alone.
    second = container(tmp_path / "second", world, run)
    shutil.copytree(kept, second / "checkpoints", dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "scratch")
    again: list[int] = []

    def watched(context: StageContext) -> dict[str, str]:
        def watch(what: str, _done: int, total: int) -> None:
            if what == "looking at images":
                again.append(total)

        return train(replace(context, progress=watch))

    assert main(second, environ=environ, work=watched) == DONE
    assert 0 < max(again) < max(seen)
    assert "metric " in capsys.readouterr().out
    assert (second / "checkpoints" / "files" / "history.jsonl").is_file()

    artifact = tmp_path / "model.tar.gz"
    with tarfile.open(artifact, "w:gz") as tar:
        tar.add(second / "model", arcname=".")
    world.files.upload("sagemaker/train-1-ab/output/model.tar.gz", artifact)
    record, _, adaptation = fetch_model(replace(world, run=run))
    assert record.recipe == request.recipe
    assert (adaptation is not None) == request.recipe.tunes
