"""A whole run on disk: prepare, train, evaluate, export; then again by another recipe."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detector.evaluation import Report
from detector.package import load_package
from detector.plan import DetectorRef
from detector.training_run import Comparison, Exported, Stage
from tests.unit.training.stages.worlds import make_context, make_run
from tests.unit.training.tiny import make_images, write_encoder
from training.details import Details
from training.head import RECORD_FILE, HeadRecord
from training.stages.context import StageContext, StopFlag, StoppedError
from training.stages.main import STAGES, stage_function


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "set"
    return make_images(folder, sources=("one", "two", "three", "four"))


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny encoder as a user would bring one: a folder with its configuration and weights."""
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def world(pictures: Path, encoder: str, tmp_path: Path) -> StageContext:
    run = make_run(dataset=str(pictures), encoder=encoder)
    return make_context(tmp_path, run)


def go(context: StageContext, *stages: Stage) -> None:
    for stage in stages or STAGES:
        stage_function(stage)(context)


def rerun(context: StageContext, root: Path, **asked: object) -> StageContext:
    """Return a second run in the same buckets."""
    run = context.run.model_copy(
        update={"request": context.run.request.model_copy(update=asked), "run": "train-2"}
    )
    files = replace(context.files, root=root / "training" / "runs" / "train-2")  # type: ignore[type-var]
    return replace(
        context,
        run=run,
        files=files,
        checkpoints=files.child("checkpoints"),
        output=files.child("model"),
        scratch=root / "scratch-2",
    )


def test_a_run_comes_to_a_released_detector(world: StageContext, tmp_path: Path) -> None:
    go(world)
    report = Report.parse(world.files.read("evaluation.json"))
    assert {v.variant for v in report.variants} == {"clean", "web", "hard"}
    assert Details.parse(world.files.read("evaluation-details.json")).images == report.images
    assert Comparison.parse(world.files.read("comparison.json")).champion is None
    assert b"Content-Security-Policy" in world.files.read("report.html")
    exported = Exported.parse(world.files.read("exported.json"))
    package = load_package(
        tmp_path / "models" / "models" / exported.detector.name / exported.detector.version
    )
    learnt = {s.source for v in report.variants for s in v.sources}
    assert not learnt & set(package.learnt_sources)
    assert package.evaluation is not None


def test_the_next_run_finds_its_features_and_its_rival(world: StageContext, tmp_path: Path) -> None:
    go(world)
    parts = world.training.names("features/")
    champion = Exported.parse(world.files.read("exported.json")).detector
    second = rerun(world, tmp_path)
    second = replace(second, run=second.run.model_copy(update={"champion": champion}))
    told: list[str] = []
    go(replace(second, progress=lambda what, _done, _total: told.append(what)))
    assert "looking at images" not in told
    assert world.training.names("features/") == parts
    comparison = Comparison.parse(second.files.read("comparison.json"))
    assert comparison.champion == str(champion)
    # The same settings on the same images: the same detector, measured on unseen sources.
    assert comparison.rows
    assert all(r.challenger_right == r.champion_right for r in comparison.rows)
    assert {r.basis for r in comparison.rows} == {"measured"}


@pytest.mark.parametrize("recipe", ["layernorm", "lora"])
def test_tuned_recipes_run_to_the_end(world: StageContext, tmp_path: Path, recipe: str) -> None:
    asked = {"recipe": recipe, "settings": {"batch_size": 8, "degrade": False, "epochs": 0.5}}
    request = world.run.request.model_dump() | asked
    run = world.run.model_copy(update={"request": type(world.run.request).model_validate(request)})
    context = replace(world, run=run)
    go(context)
    record = HeadRecord.parse(context.output.read(RECORD_FILE))
    assert record.recipe.value == recipe
    assert record.adaptation is not None
    assert context.files.exists("exported.json")


def test_a_trained_model_is_not_trained_again(world: StageContext) -> None:
    go(world, Stage.PREPARE, Stage.TRAIN)
    before = world.output.read(RECORD_FILE)
    go(world, Stage.TRAIN)
    assert world.output.read(RECORD_FILE) == before


def test_a_stop_while_looking_at_images_keeps_what_was_seen(world: StageContext) -> None:
    go(world, Stage.PREPARE)
    stop = StopFlag()

    def soon(what: str, done: int, _total: int) -> None:
        if what == "looking at images" and done == 5:
            stop.set()

    with pytest.raises(StoppedError):
        go(replace(world, stop=stop, progress=soon), Stage.TRAIN)
    assert len(world.training.names("features/")) == 1
    told: list[int] = []
    go(replace(world, progress=lambda _w, _d, total: told.append(total)), Stage.TRAIN)
    images = HeadRecord.parse(world.output.read(RECORD_FILE)).data
    assert images.real + images.ai - 5 in told


def test_a_champion_of_other_features_is_scored_by_its_own_graph(
    world: StageContext, tmp_path: Path
) -> None:
    """As any champion is that was tuned, or has another encoder: its logits are not at hand."""
    go(world)
    champion = Exported.parse(world.files.read("exported.json")).detector
    package = tmp_path / "models" / "models" / champion.name / champion.version
    document = json.loads((package / "detector.json").read_text())
    (package / "detector.json").write_text(json.dumps(document | {"head": None}))
    second = rerun(world, tmp_path)
    second = replace(second, run=second.run.model_copy(update={"champion": champion}))
    told: list[str] = []
    watched = replace(second, progress=lambda what, _done, _total: told.append(what))
    go(watched, Stage.PREPARE, Stage.TRAIN, Stage.EVALUATE)
    assert "scoring by the champion" in told
    comparison = Comparison.parse(second.files.read("comparison.json"))
    # The graph rounds where the head does not; on a few images that is at most one of them.
    apart = [abs(r.challenger_right - r.champion_right) * r.images for r in comparison.rows]
    assert comparison.rows
    assert max(apart) <= 1


def test_champions_learnt_sources_are_taken_from_its_record(
    world: StageContext, tmp_path: Path
) -> None:
    """The champion was fitted on the very sources that the challenger is tested on."""
    go(world)
    exported = Exported.parse(world.files.read("exported.json"))
    folder = tmp_path / "models" / "models" / exported.detector.name
    described = folder / exported.detector.version / "detector.json"
    document = json.loads(described.read_text())
    report = Report.parse(world.files.read("evaluation.json"))
    tested = {s.source for v in report.variants for s in v.sources}
    document["learnt_sources"] = sorted({*document["learnt_sources"], *tested})
    described.write_text(json.dumps(document))
    champion = DetectorRef.model_validate(exported.detector)
    second = rerun(world, tmp_path)
    second = replace(second, run=second.run.model_copy(update={"champion": champion}))
    go(second, Stage.PREPARE, Stage.TRAIN, Stage.EVALUATE)
    comparison = Comparison.parse(second.files.read("comparison.json"))
    assert {r.basis for r in comparison.rows} <= {"recorded"}


@pytest.fixture(autouse=True)
def quiet_trackers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Weights & Biases would start a process of its own; its tests are elsewhere."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("AIDETECT_CACHE", str(tmp_path / "cache"))
