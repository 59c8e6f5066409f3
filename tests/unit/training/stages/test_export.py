"""From a trained, evaluated run to a released package; done twice it is done once."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest

from detector.evaluation import Label, Report
from detector.package import DESCRIPTION_FILE, Graph, PackageFile, describe_file, load_package
from detector.training_request import Recipe
from detector.training_run import Exported, TrainingRun
from detector.uri import S3Uri
from tests.unit.training.conftest import NOW
from tests.unit.training.data.pictures import entry, labelled
from tests.unit.training.model_folder import write_model
from tests.unit.training.processor import asks
from tests.unit.training.stages.worlds import make_context, make_run
from training.adaptation import ADAPTATION_FILE, Adaptation
from training.data.catalog import TEST
from training.dataset import Dataset
from training.fitted import fit_folder
from training.fitting import Naming, Setting
from training.head import RECORD_FILE, HeadRecord
from training.parity import ParityError
from training.registry import RegistryError, released
from training.stages.context import StageContext, StageError, StopFlag, StoppedError
from training.stages.export import IMAGES, SHARDS, choose_images, export
from training.stages.prepare import prepare
from training.storage import LocalStorage, S3Storage
from training.vision import PREFIX
from training.weights import load

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def trained(images: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fit a head on an encoder that is found again by its record."""
    root = tmp_path_factory.mktemp("trained")
    encoder = load(str(write_model(root / "encoder")), root / "cache")
    setting = Setting(encoder, root / "cache", threads=1)
    fit_folder(images, root / "model", setting, Naming("clip-test", "2026.1.2", "test", NOW))
    return root / "model"


@pytest.fixture(scope="module")
def evaluated(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare a dataset and lay what was trained and evaluated beside it."""
    root = tmp_path_factory.mktemp("evaluated")
    run = make_context(root, make_run(dataset=str(labelled(root / "pictures"))))
    prepare(run)
    for path in trained.iterdir():
        run.files.upload(f"model/{path.name}", path)
    run.files.upload("evaluation.json", trained / "evaluation.json")
    return root


@pytest.fixture
def context(
    trained: Path,
    evaluated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> StageContext:
    """A run whose detector is to be exported; the test's parameter is what was asked."""
    monkeypatch.setenv("AIDETECT_CACHE", str(trained.parent / "cache"))
    shutil.copytree(evaluated / "training" / "runs", tmp_path / "training" / "runs")
    return make_context(tmp_path, make_run(**getattr(request, "param", {})))


def package_of(context: StageContext, exported: Exported) -> Path:
    assert isinstance(context.models, LocalStorage)
    detector = exported.detector
    return context.models.root / "models" / detector.name / detector.version


def read_exported(context: StageContext) -> Exported:
    return Exported.parse(context.files.read("exported.json"))


def test_a_detector_is_released(context: StageContext) -> None:
    said = export(context)
    exported = read_exported(context)
    package = load_package(package_of(context, exported))
    assert said["detector"] == str(exported.detector) == f"clip-test@{package.version}"
    assert said["reference"] == "torch"
    assert exported.parity["int8.agreement"] == 1
    assert set(package.graphs) == set(Graph)
    assert package.evaluation is not None
    assert package.metrics["test.clean.auc"] == package.metrics["held_out.clean.auc"]
    files = {path.name for path in package_of(context, exported).iterdir()}
    assert files == {DESCRIPTION_FILE, *(file.file for file in package.files)}


def test_it_is_done_once(context: StageContext) -> None:
    said = export(context)
    package = package_of(context, read_exported(context))
    before = {path: path.stat().st_mtime_ns for path in package.iterdir()}
    assert export(context) == said
    # And when the attempt before was cut short after publishing, the same bytes come again.
    context.files.delete("exported.json")
    assert export(context) == said
    assert {path: path.stat().st_mtime_ns for path in package.iterdir()} == before


def test_a_version_is_never_changed(context: StageContext) -> None:
    export(context)
    path = package_of(context, read_exported(context)) / DESCRIPTION_FILE
    path.write_text(path.read_text() + " ")
    context.files.delete("exported.json")
    with pytest.raises(RegistryError, match="it never changes"):
        export(context)


def test_it_is_published_in_s3(context: StageContext, s3: "S3Client") -> None:
    object.__setattr__(context, "models", S3Storage(s3, S3Uri("models", "")))
    export(context)
    detector = read_exported(context).detector
    assert released(detector, s3=s3).name == "clip-test"


def tuned(context: StageContext) -> PackageFile:
    """Put a tuned encoder's change beside the head."""
    name = PREFIX + "encoder.layers.1.layer_norm1.weight"
    change = Adaptation(Recipe.LAYERNORM, {name: np.full(64, 0.9, np.float32)})
    context.files.write(f"model/{ADAPTATION_FILE}", change.dumps())
    assert isinstance(context.files, LocalStorage)
    described = describe_file(context.files.root / "model" / ADAPTATION_FILE)
    record = HeadRecord.parse(context.files.read(f"model/{RECORD_FILE}"))
    record = record.model_copy(update={"adaptation": described, "recipe": Recipe.LAYERNORM})
    context.files.write(f"model/{RECORD_FILE}", record.dumps().encode())
    return described


@pytest.mark.parametrize(
    "context",
    [{"recipe": "layernorm", "settings": {"learning_rate": 0.0003, "crops": True}}],
    indirect=True,
)
def test_a_tuned_encoder_is_what_is_released(context: StageContext) -> None:
    """Parity against torch holds only if the change went into the graphs."""
    tuned(context)
    export(context)
    exported = read_exported(context)
    assert exported.parity["torch.logit"] < 1e-3
    folder = package_of(context, exported)
    assert load_package(folder).recipe is Recipe.LAYERNORM
    card = (folder / "MODEL_CARD.md").read_text()
    assert "its layer norms tuned" in card
    assert "`learning_rate` 0.0003, `crops` True" in card


def test_an_unfaithful_graph_is_not_released(
    context: StageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.parity.LOGIT_TOLERANCE", -1.0)
    with pytest.raises(ParityError, match=r"torch\.logit"):
        export(context)
    assert context.models.names() == []
    assert not context.files.exists("exported.json")


def coarse(folder: Path) -> bool:
    """Tell whether the 8-bit graph of a package has coarse patches."""
    return asks(onnx.load(folder / load_package(folder).graph(Graph.INT8).file))


@pytest.mark.parametrize("enough", [True, False])
def test_the_8_bit_graph_is_as_coarse_as_it_may_be(
    context: StageContext,
    monkeypatch: pytest.MonkeyPatch,
    enough: bool,
) -> None:
    told: list[str] = []
    object.__setattr__(context, "tell", told.append)
    monkeypatch.setattr("training.stages.export.processor_saturates", lambda: False)
    monkeypatch.setattr("training.parity.INT8_PROBABILITY", 1.0 if enough else 0.003)
    monkeypatch.setattr("training.parity.HEAT", -1.0)
    export(context)
    exported = read_exported(context)
    assert coarse(package_of(context, exported)) is enough
    assert exported.parity.get("int8.fine") == (None if enough else 1.0)
    finer = [text for text in told if "at most 0.003 is wanted. Writing the 8-bit graph" in text]
    assert bool(finer) is not enough


def test_what_cannot_be_proven_here_is_not_released(
    context: StageContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old processors run two digits whatever the graph has."""
    monkeypatch.setattr("training.stages.export.processor_saturates", lambda: True)
    export(context)
    exported = read_exported(context)
    assert not coarse(package_of(context, exported))
    assert exported.parity["int8.fine"] == 1


def test_a_run_that_was_not_evaluated_is_refused(context: StageContext) -> None:
    context.files.delete("evaluation.json")
    with pytest.raises(StageError, match="run the evaluate stage first"):
        export(context)


def test_it_stops_when_told_to(context: StageContext) -> None:
    stop = StopFlag()
    stop.set()
    object.__setattr__(context, "stop", stop)
    with pytest.raises(StoppedError):
        export(context)
    assert context.models.names() == []


def test_a_run_without_an_audit_says_so(context: StageContext) -> None:
    context.files.delete("prepared/audit.json")
    export(context)
    card = (package_of(context, read_exported(context)) / "MODEL_CARD.md").read_text()
    assert "The data was not audited." in card


def test_images_come_from_few_tars_and_all_sources() -> None:
    entries = [
        entry(n * 7919 % 1000, Label.REAL, f"place-{n % 5}", TEST, shard=f"{n // 10:03}.tar")
        for n in range(1000)
    ]
    chosen = choose_images(entries)
    assert len(chosen) == min(IMAGES, 10 * SHARDS)
    assert len({e.shard for e in chosen}) == SHARDS
    assert {e.source for e in chosen} == {e.source for e in entries}
    assert choose_images(entries[::-1]) == chosen
    with pytest.raises(StageError, match="no test images"):
        choose_images([])


def test_the_report_of_the_test_is_on_the_card(context: StageContext) -> None:
    report = Report.parse(context.files.read("evaluation.json"))
    report = report.model_copy(update={"method": "On the far side of the moon."})
    context.files.write("evaluation.json", report.dumps().encode())
    export(context)
    card = (package_of(context, read_exported(context)) / "MODEL_CARD.md").read_text()
    assert "On the far side of the moon." in card
    assert "A classifier that sees only format, size and compression has AUC" in card


def test_the_run_names_the_detector(context: StageContext) -> None:
    assert isinstance(context.run, TrainingRun)
    export(context)
    assert read_exported(context).detector.bucket == context.run.models_bucket
