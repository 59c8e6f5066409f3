"""The best trial of a search goes on, the same one every time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.training.stages.worlds import make_context, make_run
from training.dataset import Dataset
from training.degrade import JUDGED
from training.fitted import fit_folder
from training.fitting import Naming, Setting
from training.head import RECORD_FILE, HeadRecord
from training.stages.context import StageContext, StageError
from training.stages.model import load_model, store_model
from training.stages.select import select_trial
from training.sweep import trial_folder


@pytest.fixture
def model(images: Dataset, setting: Setting, tmp_path: Path) -> Path:
    folder = tmp_path / "fitted"
    now = datetime(2026, 1, 2, tzinfo=UTC)
    fit_folder(images, folder, setting, Naming("tiny-probe", "1.0.0", "test", now))
    return folder


def put_trial(context: StageContext, model: Path, number: int, auc: float) -> None:
    """Store a trial's model whose record says another AUC."""
    target = context.files.child(f"{trial_folder(number)}/model")
    store_model(model, target)
    record = HeadRecord.parse(target.read(RECORD_FILE))
    metrics = {**record.metrics, **{f"held_out.{v.value}.auc": auc for v in JUDGED}}
    changed = record.model_copy(update={"metrics": metrics, "command": f"trial {number}"})
    target.write(RECORD_FILE, changed.model_dump_json().encode())


def chosen(context: StageContext, tmp_path: Path) -> str:
    record, _, _ = load_model(context.files.child("model"), tmp_path / "into")
    return record.command


def test_the_best_trial_becomes_the_model(model: Path, tmp_path: Path) -> None:
    context = make_context(tmp_path, make_run(sweep=4))
    for number, auc in ((0, 0.70), (1, 0.75), (3, 0.75)):  # trial 2 never ended
        put_trial(context, model, number, auc)
    best = select_trial(context)
    assert best is not None
    assert best.number == 1
    assert best.auc == pytest.approx(0.75)
    assert chosen(context, tmp_path) == "trial 1"
    # Done once: a trial that comes in late changes nothing.
    put_trial(context, model, 2, 0.99)
    assert select_trial(context) is None
    assert chosen(context, tmp_path) == "trial 1"


def test_a_search_without_any_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="no trial"):
        select_trial(make_context(tmp_path, make_run(sweep=2)))


def test_without_a_search_there_is_nothing_to_select(tmp_path: Path) -> None:
    assert select_trial(make_context(tmp_path)) is None
