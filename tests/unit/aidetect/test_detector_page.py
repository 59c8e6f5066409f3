"""A detector's page, two side by side, and judging one: the commands, on moto's S3 and SSM."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from aidetect import detector_command, detector_source
from aidetect.detector_source import NoDetectorError, locate
from aidetect.target import Target
from detector.champion import write_champion
from detector.package import DESCRIPTION_FILE, describe_file, load_package
from tests.unit.aidetect.test_promotion import MODELS, PARAMETER, target  # noqa: F401 - a fixture
from tests.unit.training.conftest import NOW
from tests.unit.training.page.detectors import dossier
from tests.unit.training.tiny import make_images, tiny_weights
from training import embedded, weights
from training.dataset import load_dataset
from training.fitted import fit_folder
from training.fitting import Naming, Setting
from training.registry import publish

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

app = detector_command.app


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def write(folder: Path, version: str, **made: Any) -> Path:
    """Write a made-up detector's package; its graph is no graph."""
    found = dossier(version, **made)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"graph of " + version.encode())
    (folder / "MODEL_CARD.md").write_text(found.card)
    assert found.test is not None
    assert found.details is not None
    (folder / "evaluation-test.json").write_text(found.test.dumps())
    (folder / "evaluation-details.json").write_text(found.details.dumps())
    package = found.package.model_copy(
        update={
            "graphs": dict.fromkeys(found.package.graphs, describe_file(folder / "model.onnx")),
            "model_card": describe_file(folder / "MODEL_CARD.md"),
            "test": describe_file(folder / "evaluation-test.json"),
            "details": describe_file(folder / "evaluation-details.json"),
        }
    )
    (folder / DESCRIPTION_FILE).write_text(package.dumps())
    return folder


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "one", "1"), write(tmp_path / "two", "2", gain=8.0, seed=1)


@pytest.fixture
def stack(
    target: Target,  # noqa: F811 - the fixture
    two: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> "S3Client":
    """A stack with both released, the first in use."""
    monkeypatch.setattr(detector_source, "resolve", lambda *_: target)
    monkeypatch.setattr(detector_source, "cache_home", lambda: tmp_path / "cache")
    refs = [publish(folder, s3=target.s3, bucket=MODELS) for folder in two]
    write_champion(refs[0], ssm=target.ssm, parameter=PARAMETER)
    return target.s3


def test_the_page_of_a_folder_needs_no_stack(two: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "pages" / "one.html"
    done = run("page", str(two[0]), "--out", str(out))
    assert done.exit_code == 0, done.output
    assert str(out) in done.output
    assert "<h1>clip-probe" in out.read_text()
    told = json.loads(run("page", str(two[0]), "--out", str(out), "--json").stdout)
    assert told == {"detector": "clip-probe@1", "page": str(out), "lacking": []}


def test_the_champion_s_page_is_made_of_its_documents_alone(
    stack: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("page", "champion")
    assert done.exit_code == 0, done.output
    html = (tmp_path / "clip-probe-1.html").read_text()
    assert '<span class="badge good">champion</span>' in html
    assert not list((tmp_path / "cache").rglob("*.onnx"))
    assert run("page", "clip-probe@2").exit_code == 0
    assert "badge good" not in (tmp_path / "clip-probe-2.html").read_text()


def test_what_judges_gets_the_graphs_too_and_again_if_they_are_damaged(
    stack: "S3Client", tmp_path: Path
) -> None:
    for damage in (b"", b"cut"):
        folder = locate("clip-probe@2", None, "aidetect", whole=True).folder
        assert (folder / "model.onnx").read_bytes() == b"graph of 2"
        assert load_package(folder).version == "2"
        (folder / "model.onnx").write_bytes(damage)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-such", "is no detector: name a folder, NAME@VERSION"),
        ("clip-probe@9", "not published"),
        ("../etc@1", "name@version"),
    ],
)
def test_what_is_no_detector_is_said(stack: "S3Client", name: str, words: str) -> None:
    done = run("page", name)
    assert done.exit_code == 1
    assert words in done.output.replace("\n", " ")
    assert "Traceback" not in done.output


def test_without_a_champion_it_says_what_to_do(
    target: Target,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detector_source, "resolve", lambda *_: target)
    with pytest.raises(NoDetectorError, match="aidetect detector publish"):
        locate("champion", None, "aidetect")


def test_two_side_by_side(stack: "S3Client", tmp_path: Path) -> None:
    out = tmp_path / "both.html"
    done = run("compare", "champion", "clip-probe@2", "--out", str(out))
    assert done.exit_code == 0, done.output
    for words in ("A is clip-probe@1", "B is clip-probe@2", "better, beyond chance", "real-three",
                  "jpeg-75-50", "\u25b2", "apart"):  # fmt: skip
        assert words in done.output, words
    assert "better, beyond chance" in out.read_text()


def test_two_as_json(two: tuple[Path, Path]) -> None:
    document = json.loads(run("compare", *map(str, two), "--json").stdout)
    assert document["first"] == "clip-probe@1"
    assert document["mood"] == "good"
    assert document["same_images"] is True
    real = document["shared"][0]
    assert real["what"] == "real not called ai"
    assert real["first"]["low"] <= real["first"]["value"] <= real["first"]["high"]
    assert {pair["variant"] for pair in document["ladder"]} >= {"clean", "webp-40"}


def test_hostile_names_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    bad = "\x1b[31m[bold]x"
    folders = [write(tmp_path / str(n), str(n), suffix=bad, seed=n) for n in (1, 2)]
    done = run("compare", *map(str, folders))
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    assert "[bold]x" in done.output


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Path, Path]:
    """A fitted head of a tiny encoder, and images that are new to it."""
    monkeypatch.setenv("AIDETECT_CACHE", str(tmp_path / "cache"))
    for module in (weights, embedded):
        monkeypatch.setattr(module, "load", lambda _name, _cache: tiny_weights())
    data = load_dataset(make_images(tmp_path / "learnt"))
    setting = Setting(tiny_weights(), tmp_path / "cache", threads=1)
    fit_folder(data, tmp_path / "head", setting, Naming("tiny", "1.0.0", "fit", NOW))
    return tmp_path / "head", make_images(tmp_path / "mine", per_source=3, sources=("x", "y"))


def test_judging_writes_tables_and_a_page(judged: tuple[Path, Path], tmp_path: Path) -> None:
    head, data = judged
    out = tmp_path / "out"
    words = ["evaluate", str(data), "--detector", str(head), "--out", str(out), "--ladder", "1"]
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "None of these sources was learnt from" in done.output
    names = {path.name for path in out.iterdir()}
    assert names == {
        "evaluation.json", "evaluation-details.json", "evaluation.md", "detector.html"
    }  # fmt: skip
    text = (out / "evaluation.md").read_text()
    assert "aidetect detector evaluate mine --detector head --ladder 1" in text
    assert str(tmp_path) not in text
    assert "on data of your own" in (out / "detector.html").read_text()
    document = json.loads(run(*words, "--json").stdout)
    assert document["ladder"]["per_group"] == 1
    assert document["files"][-1] == str(out / "detector.html")


def test_judging_on_what_was_learnt_from_is_refused(
    judged: tuple[Path, Path], tmp_path: Path
) -> None:
    head, _data = judged
    package = embedded.build(tmp_path / "cache", fitted=head)
    done = run("evaluate", str(tmp_path / "learnt"), "--detector", str(package))
    assert done.exit_code == 1
    assert "--unseen" in done.output
