"""``aidetect dataset`` as a person runs it."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from aidetect import dataset_command
from aidetect.dataset_command import app
from tests.unit.training.data.conftest import BUCKET, bucket
from tests.unit.training.data.pictures import labelled, png, put

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["bucket"]

ESCAPE = "\x1b"


def run(*words: str | Path) -> tuple[int, str]:
    found = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return found.exit_code, " ".join(found.output.split())


def test_a_sample_is_made_imported_and_audited(tmp_path: Path) -> None:
    code, said = run("sample", tmp_path / "sample", "--images", "48")
    assert (code, said.startswith("48 images of 4 sources")) == (0, True)
    code, said = run("sample", tmp_path / "sample")
    assert code == 1
    assert "is not empty; name a new folder" in said
    code, said = run(
        "import", tmp_path / "sample", "--name", "try", "--to", tmp_path / "data",
        "--licence", "CC0",
    )  # fmt: skip
    assert code == 0
    assert said.startswith("48 images")
    assert "licence" not in said
    (record,) = (tmp_path / "data" / "try").glob("*/dataset.json")
    assert json.loads(record.read_text())["licence"] == "CC0"
    for where in (record, record.parent, tmp_path / "sample"):
        code, said = run("audit", where, "--out", tmp_path / "page.html")
        assert code == 0
        assert "48 (24 real, 24 ai)" in said
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")


def test_several_places_become_one_dataset(tmp_path: Path) -> None:
    labelled(tmp_path / "one")
    put(tmp_path / "two" / "x.png", png(99))
    code, said = run(
        "import", tmp_path / "one", tmp_path / "two", "--label", "ai", "--name", "mix",
        "--to", tmp_path / "data",
    )  # fmt: skip
    assert code == 0
    assert said.startswith("25 images")
    assert "No licence is recorded; say it with --licence" in said


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    root = labelled(tmp_path / "one")
    put(root / "real" / "place-0" / "cut.png", png(9)[:200])
    put(root / "real" / "place-0" / "copy.png", (root / "real/place-0/0.png").read_bytes())
    _, said = run("import", root, "--name", "x", "--to", tmp_path / "data")
    assert "Left out: 1 exact copies; 1 rejected (1 truncated)" in said


def test_data_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    root = labelled(tmp_path / "one")
    (root / "real" / "place-0").rename(root / "real" / "midjourney")
    put(root / "ai" / f"{ESCAPE}[31mred" / "1.png", png(7))
    code, said = run("audit", root)
    assert code == 1
    assert "named after a generator; move it to ai/" in said
    assert ESCAPE not in said
    code, said = run("audit", root, "--json")
    assert code == 1
    assert json.loads(said)["schema"] == "aidetect.audit/1"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("import", "nowhere", "--name", "x", "--to", "out"), "nowhere does not exist"),
        (("import", ".", "--name", "X/Y", "--to", "out"), "use lower case letters, digits and"),
        (("import", ".", "--name", "x", "--map", "a", "--to", "out"), "expected VALUE=real"),
        (("import", "hub:name", "--name", "x", "--to", "out"), "names no dataset"),
        (("audit", "nowhere"), "nowhere does not exist; name a folder"),
    ],
)
def test_mistakes_are_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = run(*words)
    assert code == 1
    assert message in said


def test_the_training_bucket_is_the_default(
    tmp_path: Path, bucket: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    target = SimpleNamespace(s3=bucket, outputs=SimpleNamespace(TrainingBucket=BUCKET))
    monkeypatch.setattr(dataset_command, "resolve", lambda _where, _stack: target)
    root = labelled(tmp_path / "one")
    code, said = run("import", root, "--name", "mine")
    assert code == 0
    uri = next(word for word in said.split() if word.startswith("s3://"))
    assert uri.startswith(f"s3://{BUCKET}/datasets/mine/")
    code, said = run("audit", uri)
    assert "24 (12 real, 12 ai)" in said
    for path in root.rglob("*.png"):
        bucket.upload_file(str(path), BUCKET, f"raw/{path.relative_to(root)}")
    code, again = run("import", f"s3://{BUCKET}/raw", "--name", "mine")
    assert code == 0
    assert uri in again
    assert "24 (12 real" in run("audit", f"s3://{BUCKET}/raw/")[1]
