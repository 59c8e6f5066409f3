"""The entry point inside the contract's folders: what it reads, where it writes, how it ends."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from detector.training_run import StageRecord
from tests.unit.training.sagemaker.containers import make_container
from tests.unit.training.stages.worlds import make_run
from training.sagemaker.contract import ROOT_VARIABLE
from training.sagemaker.main import main
from training.stages.context import StageContext, StageError
from training.stages.main import DONE, REFUSED, RETRY, STOPPED
from training.storage import LocalStorage, MissingFileError


def failure(root: Path) -> str:
    return (root / "output" / "failure").read_text(encoding="utf-8")


def test_the_stage_reads_the_channels_and_writes_the_folders(tmp_path: Path) -> None:
    root = make_container(tmp_path / "ml", make_run(compute="sagemaker"))
    lines: list[str] = []

    def work(context: StageContext) -> dict[str, str]:
        assert context.run.run == "train-1"
        assert context.scratch == tmp_path / "scratch" / "train-1"
        assert context.dataset is not None
        assert context.dataset.exists("dataset.json")
        assert context.files.read("prepared/catalog.jsonl") == b""
        context.files.write("history.jsonl", b"step 1")
        context.training.write("features/x/part-1", b"features")
        context.checkpoints.write("latest.json", b"step 1")
        context.output.write("head.json", b"the head")
        context.progress("tuning", 1, 2)
        return {"auc": "0.9"}

    environ = {ROOT_VARIABLE: str(root), "TRAINING_SCRATCH": str(tmp_path / "scratch")}
    assert main(environ=environ, tell=lines.append, work=work) == DONE
    assert (root / "model" / "head.json").read_bytes() == b"the head"
    # What SageMaker brings back after an interruption, and nothing that says the stage is done.
    kept = ["features/x/part-1", "files/history.jsonl", "latest.json"]
    assert LocalStorage(root / "checkpoints").names() == kept
    record = StageRecord.parse((root / "output/data/stages/train.json").read_bytes())
    assert record.said == {"auc": "0.9"}
    assert (root / "output/data/stages/train-progress.json").is_file()
    assert not (root / "output" / "failure").exists()
    assert any("train done" in line for line in lines)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StageError("one class only"), REFUSED, "one class only (StageError)"),
        (OSError("S3 is busy"), RETRY, "S3 is busy (OSError)"),
        (StageError("x" * 3000), REFUSED, "x" * 1024),
    ],
)
def test_a_failure_is_written_where_sagemaker_looks(
    tmp_path: Path, error: Exception, code: int, said: str
) -> None:
    root = make_container(tmp_path / "ml", make_run())

    def work(context: StageContext) -> dict[str, str]:
        raise error

    assert main(root, environ={}, tell=lambda _text: None, work=work) == code
    assert failure(root) == said


def test_an_error_in_the_program_is_named_as_well(tmp_path: Path) -> None:
    root = make_container(tmp_path / "ml", make_run())

    def work(context: StageContext) -> dict[str, str]:
        raise ZeroDivisionError("division by zero")

    with pytest.raises(ZeroDivisionError):
        main(root, environ={}, tell=lambda _text: None, work=work)
    assert failure(root) == "ZeroDivisionError: division by zero"


def never(context: StageContext) -> dict[str, str]:
    raise AssertionError("the work must not begin")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"hosts": ("algo-1", "algo-2")}, "set InstanceCount: 1"),
        ({"where": "s3://training/runs/other/run.json"}, "give both of one run"),
        ({"where": "runs/train-1"}, "is not an S3 URI"),
        ({"where": ""}, "hyperparameter run is missing"),
    ],
)
def test_a_job_that_was_started_wrongly_is_refused(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    root = make_container(tmp_path / "ml", make_run(), **change)  # type: ignore[arg-type]
    assert main(root, environ={}, tell=lambda _text: None, work=never) == REFUSED
    assert said in failure(root)


def test_a_missing_channel_or_run_is_named(tmp_path: Path) -> None:
    lines: list[str] = []
    root = make_container(tmp_path / "ml", run=None)
    assert main(root, environ={}, tell=lines.append, work=never) == REFUSED
    assert "run.json is missing" in failure(root)
    os.rename(root / "input/data/run", root / "input/data/other")  # noqa: PTH104
    assert main(root, environ={}, tell=lines.append, work=never) == REFUSED
    assert "give the job a channel named run" in failure(root)
    assert main(tmp_path / "nowhere", environ={}, tell=lines.append, work=never) == REFUSED
    assert "entry point of a SageMaker training job" in lines[-1]


def test_a_damaged_configuration_is_refused(tmp_path: Path) -> None:
    root = make_container(tmp_path / "ml", make_run())
    for text, said in (("{", "no JSON document"), ("[]", "no JSON object")):
        (root / "input/config/hyperparameters.json").write_text(text)
        assert main(root, environ={}, tell=lambda _text: None, work=never) == REFUSED
        assert said in failure(root)


def test_models_are_not_given(tmp_path: Path) -> None:
    root = make_container(tmp_path / "ml", make_run())

    def work(context: StageContext) -> dict[str, str]:
        with pytest.raises(MissingFileError):
            context.models.read("models/champion/1.0.0/detector.json")
        return {}

    assert main(root, environ={}, tell=lambda _text: None, work=work) == DONE


@pytest.mark.parametrize("folder", ["model", "output/data"])
def test_a_folder_that_may_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    root = make_container(tmp_path / "ml", make_run())
    lines: list[str] = []
    # Tests may run as root, who may write anywhere.
    allowed = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: path != root / folder and allowed(path, mode)
    )
    assert main(root, environ={}, tell=lines.append, work=never) == REFUSED
    assert f"may not write to {root / folder}" in lines[-1]
    assert "target sagemaker" in failure(root)


def test_not_even_the_reason_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_container(tmp_path / "ml", make_run())

    def refused(path: Path, *_rest: object, **_more: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    lines: list[str] = []
    assert main(root, environ={}, tell=lines.append, work=never) == REFUSED
    assert "may not write" in lines[-1]
    assert not (root / "output" / "failure").exists()


STOPPABLE = """
    import sys, time
    from pathlib import Path
    from training.sagemaker.main import main

    def work(context):
        print("begun", flush=True)
        while not context.stop.raised:
            time.sleep(0.02)
        context.checkpoints.write("step", b"kept")
        context.stop.check()

    sys.exit(main(Path(sys.argv[1]), work=work))
"""


def test_sigterm_keeps_a_checkpoint_and_ends_so(tmp_path: Path) -> None:
    root = make_container(tmp_path / "ml", make_run())
    code = textwrap.dedent(STOPPABLE)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == STOPPED
    assert time.monotonic() - began < 10
    assert (root / "checkpoints" / "step").read_bytes() == b"kept"
    assert not (root / "output" / "failure").exists()
