"""prepare: what it writes, what it refuses and how, and that it may be cut short anywhere."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from detector.contract import ContractError
from detector.evaluation import Label
from detector.training_request import Recipe
from detector.training_run import TrainingRun
from detector.uri import S3Uri
from tests.unit.training.data.pictures import labelled, packed_at, put
from tests.unit.training.stages.worlds import make_context, make_run
from training.data.audit import Audit
from training.data.catalog import TEST, TRAIN
from training.data.folder import find_folder
from training.data.materialize import materialize
from training.data.pack import read_record
from training.data.prepared import read_prepared
from training.data.split import SplitError
from training.stages import prepare as stage
from training.stages.context import StageContext, StageError, StopFlag, StoppedError
from training.stages.prepare import prepare
from training.storage import LocalStorage, S3Storage, Storage, open_storage

World = Callable[..., StageContext]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return labelled(tmp_path / "images")


@pytest.fixture
def world(tmp_path: Path, images: Path) -> World:
    def make(recipe: Recipe = Recipe.PROBE, **more: object) -> StageContext:
        run = make_run(dataset=str(images), recipe=recipe, encoder="owner/name")
        return make_context(tmp_path / "world", run, **more)

    return make


def test_plain_files_are_packed_split_and_audited(world: World) -> None:
    told: list[str] = []
    counts: list[tuple[str, int, int]] = []
    context = world(tell=told.append, progress=lambda *c: counts.append(c))
    said = prepare(context)
    assert said["train real"] == "9 images of 3 sources"
    assert said["test ai"] == "3 images of 1 sources"
    prepared, entries = read_prepared(context.files)
    assert prepared.dataset == (f"{context.training.uri}/datasets/clip-test/{prepared.digest[:16]}")
    assert prepared.encoder == "owner/name"
    assert prepared.run == "train-1"
    assert (prepared.images, len(entries), len(prepared.sources)) == (24, 24, 8)
    assert prepared.bytes == sum(e.bytes for e in entries)
    assert {(c.split, c.label, c.images, c.held) for c in prepared.counts} == {
        (TRAIN, Label.REAL, 9, 3), (TRAIN, Label.AI, 9, 3),
        (TEST, Label.REAL, 3, 0), (TEST, Label.AI, 3, 0),
    }  # fmt: skip
    assert {e.source for e in entries if e.held} == set(prepared.held)
    audit = Audit.parse(context.files.read("prepared/audit.json"))
    assert audit.digest == prepared.digest
    assert any("24 images are few" in warning for warning in prepared.warnings)
    assert told[0].startswith("looking for labelled images in")
    assert f"warning: {prepared.warnings[0]}" in told
    assert counts[-1] == ("images packed", 24, 24)
    assert context.files.read("prepared/audit.html").startswith(b"<!DOCTYPE html>")
    dataset = open_storage(prepared.dataset)
    assert len(materialize(dataset, entries, context.scratch / "images")) == 24


def test_a_packed_dataset_is_taken_as_it_is(world: World, images: Path, tmp_path: Path) -> None:
    packed = packed_at(tmp_path, find_folder(images))
    run = make_run(dataset=packed.storage.uri)
    context = make_context(tmp_path / "world", run)
    assert prepare(context)["dataset"] == packed.storage.uri
    assert not context.training.names("datasets/")
    # SageMaker mounts it elsewhere.
    mounted = make_context(tmp_path / "other", make_run(), dataset=packed.storage)
    assert prepare(mounted)["images"] == "24"


def test_again_is_as_good_as_done(world: World, images: Path) -> None:
    first = prepare(world())
    shutil.rmtree(images)
    assert prepare(world()) == first


def test_a_given_split_is_kept(tmp_path: Path) -> None:
    root = labelled(tmp_path / "set")
    rows = ["path,label,source_repo,split"]
    for path in sorted(root.rglob("*.png")):
        name = path.relative_to(root)
        side = "val" if name.parts[1].endswith("3") else "train"
        rows.append(f"{name},{name.parts[0]},{name.parts[1]},{side}")
    put(root / "manifest.csv", "\n".join(rows).encode())
    context = make_context(tmp_path / "world", make_run(dataset=str(root)))
    prepare(context)
    prepared, entries = read_prepared(context.files)
    assert prepared.given_split
    assert {e.source for e in entries if e.split == TEST} == {"place-3", "maker-3"}


def remove_ai(root: Path) -> None:
    shutil.rmtree(root / "ai")


def remove_all(root: Path) -> None:
    shutil.rmtree(root / "ai")
    shutil.rmtree(root / "real")


def break_all(root: Path) -> None:
    for path in root.rglob("*.png"):
        path.write_bytes(path.read_bytes()[:200])


def leave_two_sources(root: Path) -> None:
    for number in (2, 3):
        shutil.rmtree(root / "real" / f"place-{number}")


def contradict(root: Path) -> None:
    put(root / "ai" / "maker-0" / "same.png", (root / "real" / "place-0" / "0.png").read_bytes())


def name_after_generator(root: Path) -> None:
    (root / "real" / "place-0").rename(root / "real" / "Midjourney-v6")


def name_after_camera(root: Path) -> None:
    (root / "ai" / "maker-0").rename(root / "ai" / "photos")


def leak(root: Path) -> None:
    with (root / "manifest.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "label", "source", "split"])
        for number, path in enumerate(sorted(root.rglob("*.png"))):
            name = path.relative_to(root)
            writer.writerow([name, name.parts[0], name.parts[1], ("train", "test")[number % 2]])


def wrong_manifest(root: Path) -> None:
    put(root / "manifest.csv", b"path,label\nreal/place-0/0.png,fake")


def gone(root: Path) -> None:
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove_ai, "all 12 images are 'real', .* add 'ai' images in ai/<source>/"),
        (remove_all, "holds no images; expected folders real/<source>/"),
        (break_all, "holds no images"),
        (leave_two_sources, r"'real' images are of 2 sources \(place-0, place-1\) and 3 are"),
        (contradict, r"1 images are in both classes, byte for byte \(ai/maker-0/same.png"),
        (name_after_generator, "'Midjourney-v6' is labelled real and named after a generator"),
        (name_after_camera, "'photos' is labelled ai and named after photographs"),
        (leak, r"the split leaks: .*maker-0 \(ai\).* put each source wholly into one split"),
        (wrong_manifest, "line 2: label 'fake' is neither 'real' nor 'ai'"),
        (gone, "does not exist; name a folder"),
    ],
)
def test_bad_data_is_refused(
    world: World, images: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(images)
    context = world()
    with pytest.raises(StageError, match=message):
        prepare(context)
    assert not context.files.exists("prepared/prepared.json")
    assert not context.files.exists("prepared/catalog.jsonl")


def test_the_audit_of_refused_data_is_kept(world: World, images: Path) -> None:
    name_after_camera(images)
    context = world()
    with pytest.raises(StageError):
        prepare(context)
    audit = Audit.parse(context.files.read("prepared/audit.json"))
    assert "'photos'" in audit.errors[0]


def test_a_tuned_recipe_needs_sources_to_be_calibrated_on(tmp_path: Path) -> None:
    root = labelled(tmp_path / "set", sources=3)
    for recipe in (Recipe.PROBE, Recipe.LORA):
        context = make_context(tmp_path / recipe.value, make_run(dataset=str(root), recipe=recipe))
        prepare(context)
        assert len(read_prepared(context.files)[0].held) == 2


def test_what_cannot_be_calibrated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_entries: object) -> frozenset[str]:
        raise SplitError("too few to hold")

    monkeypatch.setattr(stage, "calibration_sources", refuse)
    with pytest.raises(StageError, match="too few to hold"):
        prepare(world(Recipe.LAYERNORM))
    prepare(world(Recipe.PROBE))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("1000000", "the training job's disk has 0.0 GB and 24 images take 2.1 GB .* larger disk"),
        ("much", "TRAINING_DISK_BYTES is 'much'; set it to a number of bytes"),
    ],
)
def test_a_small_disk_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, given: str, message: str
) -> None:
    monkeypatch.setenv("TRAINING_DISK_BYTES", given)
    with pytest.raises(StageError, match=message):
        prepare(world())
    monkeypatch.setenv("TRAINING_DISK_BYTES", str(3 << 30))
    prepare(world())


def test_the_real_disk_counts_where_none_is_given(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRAINING_DISK_BYTES", raising=False)
    monkeypatch.setattr(stage, "DISK_SPARE", 1 << 60)
    with pytest.raises(StageError, match=r"the disk of .*scratch has"):
        prepare(world())


def test_a_record_of_another_version_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "set" / "dataset.json", b'{"schema": "aidetect.dataset/9"}')
    context = make_context(tmp_path / "world", make_run(dataset=str(tmp_path / "set")))
    with pytest.raises(StageError, match=r"dataset.json is not a valid aidetect.dataset/1"):
        prepare(context)


def test_a_stop_is_heeded_and_gone_on_from(world: World, images: Path) -> None:
    for after in (1, 13, 24):
        stop = StopFlag()

        def raise_flag(_what: str, done: int, _total: int, *, at: int = after) -> None:
            if done == at:
                stop.set()  # noqa: B023

        context = world(progress=raise_flag, stop=stop)
        try:
            prepare(context)
        except StoppedError:
            assert not context.files.exists("prepared/prepared.json")
    assert prepare(world())["images"] == "24"


class Dying(LocalStorage):
    """Fails at the n-th write, as a machine that is taken away does."""

    left = [0]  # noqa: RUF012

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:
        self.left[0] -= 1
        if self.left[0] == 0:
            raise KeyboardInterrupt
        super().write(name, data, content_type=content_type)

    def child(self, name: str) -> "Dying":
        return Dying(self.root / name)


@pytest.mark.parametrize("after", range(1, 9))
def test_death_at_any_write_leaves_what_can_be_gone_on_with(world: World, after: int) -> None:
    context = world()
    Dying.left[0] = after
    dying = replace(
        context,
        files=Dying(Path(context.files.uri)),
        training=Dying(Path(context.training.uri)),
    )
    with pytest.raises(KeyboardInterrupt):
        prepare(dying)
    assert not context.files.exists("prepared/prepared.json")
    Dying.left[0] = -1
    prepare(context)
    prepared, entries = read_prepared(context.files)
    assert len(entries) == 24
    assert read_record(open_storage(prepared.dataset)).images == 24


def test_a_prefix_in_s3(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("photos", "training"):
            s3.create_bucket(Bucket=bucket)
        for path in images.rglob("*.png"):
            s3.upload_file(str(path), "photos", f"set/{path.relative_to(images)}")
        run: TrainingRun = make_run()
        training = S3Storage(s3, S3Uri("training", ""))
        files: Storage = training.child("runs/train-1")
        context = replace(make_context(tmp_path / "w", run), training=training, files=files)
        said = prepare(context)
        prepared, entries = read_prepared(files)
        assert said["dataset"] == f"s3://training/datasets/clip-test/{prepared.digest[:16]}"
        assert read_record(open_storage(prepared.dataset, s3)).origin == "s3://photos/set/"
        assert len(entries) == 24
        assert prepare(context) == said


def test_prepared_is_of_its_version(world: World) -> None:
    context = world()
    prepare(context)
    context.files.write("prepared/prepared.json", b'{"schema": "aidetect.prepared/2"}')
    with pytest.raises(ContractError, match=r"prepared.json is not a valid aidetect.prepared/1"):
        read_prepared(context.files)
