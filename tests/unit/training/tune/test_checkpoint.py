"""Checkpoints: whole or not at all, the newest whole one is found, another job's is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.training_request import Recipe, Settings
from detector.uri import S3Uri
from tests.unit.training.tune.jobs import make_job
from training.degrade import JUDGED
from training.storage import LocalStorage, S3Storage, Storage
from training.tune.checkpoint import JUDGED as JUDGED_FILE
from training.tune.checkpoint import LATEST, Checkpoint, Checkpoints, State
from training.tune.errors import CheckpointError, DivergedError
from training.tune.fingerprint import fingerprint

JOB = "f" * 64


def checkpoint(step: int) -> Checkpoint:
    state = State(step=step, seconds=0.1 + step, history=[{"step": 1, "loss": 1 / 3}])
    return Checkpoint(state, {"weight/a": np.full((2, 3), step, np.float32)})


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path)
    return S3Storage(request.getfixturevalue("s3"), S3Uri("models", "runs/one/checkpoints"))


def opened(storage: Storage, said: list[str] | None = None, job: str = JOB) -> Checkpoints:
    return Checkpoints(storage, job, (list[str]() if said is None else said).append)


def filled(storage: Storage, *steps: int) -> Checkpoints:
    kept = opened(storage)
    for step in steps:
        kept.save(checkpoint(step))
    return kept


def test_what_is_saved_is_loaded(storage: Storage) -> None:
    filled(storage, 3)
    found = opened(storage).load()
    assert found is not None
    assert found.state == checkpoint(3).state
    assert np.array_equal(found.tensors["weight/a"], checkpoint(3).tensors["weight/a"])


def test_there_is_none_at_first(storage: Storage) -> None:
    assert opened(storage).load() is None


def test_the_last_two_are_kept(storage: Storage) -> None:
    filled(storage, 1, 2, 3, 4)
    folders = {name.split("/")[0] for name in storage.names("step-")}
    assert folders == {"step-00000003", "step-00000004"}
    assert not [name for name in storage.names() if not name.endswith((".json", ".safetensors"))]


def test_a_step_is_kept_once(storage: Storage) -> None:
    kept = filled(storage, 1, 2)
    before = {name: storage.read(name) for name in storage.names()}
    kept.save(checkpoint(2))
    assert {name: storage.read(name) for name in storage.names()} == before


def damage_by_cutting(storage: Storage, name: str) -> None:
    storage.write(name, storage.read(name)[:-5])


def damage_by_deleting(storage: Storage, name: str) -> None:
    storage.delete(name)


@pytest.mark.parametrize("file", ["tensors.safetensors", "state.json"])
@pytest.mark.parametrize("damage", [damage_by_cutting, damage_by_deleting])
def test_damage_falls_back_to_the_one_before(
    storage: Storage, file: str, damage: Callable[[Storage, str], None]
) -> None:
    filled(storage, 7, 8)
    damage(storage, f"step-00000008/{file}")
    said: list[str] = []
    kept = opened(storage, said)
    found = kept.load()
    assert found is not None
    assert found.state.step == 7
    assert "missing or damaged" in said[0]
    # And it goes on from there, over the damaged one.
    kept.save(checkpoint(8))
    again = opened(storage).load()
    assert again is not None
    assert again.state.step == 8


def test_damage_to_all_begins_anew(storage: Storage) -> None:
    filled(storage, 7, 8)
    for name in storage.names("step-"):
        damage_by_cutting(storage, name)
    assert opened(storage).load() is None


def test_a_damaged_index_begins_anew(storage: Storage) -> None:
    filled(storage, 7)
    damage_by_cutting(storage, LATEST)
    said: list[str] = []
    assert opened(storage, said).load() is None
    assert "begins anew" in said[0]


def test_another_jobs_checkpoints_are_refused(storage: Storage) -> None:
    filled(storage, 7)
    with pytest.raises(CheckpointError, match="folder of its own"):
        opened(storage, job="0" * 64).load()


def test_weights_that_are_no_numbers_are_never_kept(storage: Storage) -> None:
    kept = filled(storage, 1)
    bad = checkpoint(2)
    bad.tensors["weight/a"][0, 0] = np.nan
    with pytest.raises(DivergedError, match="lower learning_rate"):
        kept.save(bad)
    found = opened(storage).load()
    assert found is not None
    assert found.state.step == 1


class Killed(BaseException):
    """Stands for the moment of a kill."""


class Mortal(LocalStorage):
    """A storage whose process is killed at its n-th change."""

    left = 0

    def _live(self) -> None:
        Mortal.left -= 1
        if Mortal.left < 0:
            raise Killed

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:
        self._live()
        super().write(name, data, content_type=content_type)

    def delete(self, name: str) -> None:
        self._live()
        super().delete(name)


def test_a_kill_between_any_two_writes_loses_one_checkpoint_at_most(tmp_path: Path) -> None:
    outcomes = set()
    for moment in range(6):
        storage = Mortal(tmp_path / str(moment))
        Mortal.left = 1000
        kept = filled(storage, 1, 2)
        Mortal.left = moment
        try:
            kept.save(checkpoint(3))
        except Killed:
            outcomes.add("killed")
        Mortal.left = 1000
        kept = opened(storage)
        found = kept.load()
        assert found is not None
        assert found.state.step in {2, 3}
        outcomes.add(str(found.state.step))
        # What the kill left lying about is cleared away by the next one.
        kept.save(checkpoint(4))
        folders = {name.split("/")[0] for name in storage.names("step-")}
        assert folders == {f"step-{found.state.step:08d}", "step-00000004"}
    assert outcomes == {"killed", "2", "3"}


def test_judged_logits_belong_to_the_newest(storage: Storage) -> None:
    kept = filled(storage, 1)
    logits = {variant: np.arange(3.0) + 1 / 3 for variant in JUDGED}
    kept.put_judged(logits)
    again = opened(storage)
    assert again.judged() is None
    again.load()
    found = again.judged()
    assert found is not None
    assert list(found) == list(JUDGED)
    assert all(np.array_equal(found[v], logits[v]) for v in JUDGED)
    again.save(checkpoint(2))
    assert again.judged() is None
    kept.put_judged(logits)
    storage.write(JUDGED_FILE, b"cut off")
    assert kept.judged() is None


def test_the_index_says_what_it_is(storage: Storage) -> None:
    filled(storage, 1, 2)
    document = json.loads(storage.read(LATEST))
    assert document["schema"] == "aidetect.checkpoints/1"
    assert [kept["step"] for kept in document["kept"]] == [2, 1]


def test_a_job_is_known_by_what_decides_its_result(tmp_path: Path) -> None:
    job = make_job(tmp_path)
    same = replace(job, settings=job.settings.model_copy(update={"checkpoint_seconds": 1.0}))
    moved = make_job(tmp_path / "elsewhere")
    assert fingerprint(job) == fingerprint(same) == fingerprint(moved)
    others = [
        replace(job, recipe=Recipe.LORA),
        replace(job, settings=Settings(seed=1)),
        replace(job, encoder=replace(job.encoder, sha256="b" * 64)),
        replace(job, head=replace(job.head, bias=1.0)),
        replace(job, learn=job.learn[1:]),
        replace(job, learn=job.learn[::-1]),
        replace(job, held=job.held[1:]),
        replace(job, spec=job.spec.model_copy(update={"kind": "native_crop"})),
    ]
    assert len({fingerprint(job), *map(fingerprint, others)}) == len(others) + 1
