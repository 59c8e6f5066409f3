"""What a package's documents say, and what it says of lacking."""

from pathlib import Path

import pytest

from detector.package import PackageError, load_package
from training.dossier import read_dossier
from training.embedded import details_of, parts_of
from training.fitting import Setting
from training.head import CARD_FILE, read_head
from training.package import build_package


@pytest.fixture
def whole(fitted: Path, setting: Setting, tmp_path: Path) -> Path:
    """A package as it is built by this version."""
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / CARD_FILE).write_bytes((fitted / CARD_FILE).read_bytes())
    record, head = read_head(fitted)
    _none, evaluation = parts_of(fitted, record)
    build_package(
        folder, record, head, setting.encoder,
        evaluation=evaluation, test=evaluation, details=details_of(fitted, record),
    )  # fmt: skip
    return folder


def test_a_fitted_head_s_package_carries_its_curves(whole: Path, fitted: Path) -> None:
    found = read_dossier(whole)
    record, _head = read_head(fitted)
    assert found.judged is not None
    assert found.judged == found.test == found.held_out
    assert found.details is not None
    assert [v.variant for v in found.details.variants] == ["clean", "web", "hard"]
    assert found.details.variants[0].average_precision > 0.5
    assert found.package.data == record.data
    assert found.package.command == "test"
    assert len(found.lacking) == 1
    assert "ladder" in found.lacking[0]


def test_documents_are_enough(whole: Path) -> None:
    before = read_dossier(whole)
    for path in whole.glob("*.onnx"):
        path.unlink()
    assert read_dossier(whole) == before


def test_the_documents_are_among_the_files(whole: Path) -> None:
    package = load_package(whole)
    told = {file.file for file in package.told}
    assert told == {
        "MODEL_CARD.md", "evaluation.json", "evaluation-test.json", "evaluation-details.json"
    }  # fmt: skip
    assert told < {file.file for file in package.files}


def test_an_altered_document_is_refused(whole: Path) -> None:
    path = whole / "evaluation-details.json"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PackageError, match="altered"):
        read_dossier(whole)


def test_a_package_of_before_says_what_it_lacks(package: Path) -> None:
    found = read_dossier(package)
    assert found.judged is None
    assert found.figures() == {}
    assert "no evaluation" in found.lacking[0]
