"""``python -m training`` as a user calls it."""

from pathlib import Path

import pytest

from tests.unit.training.tiny import make_images, tiny_weights
from training import __main__ as command
from training import embedded, weights
from training.vision import VisionWeights


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_name: str, _cache: Path) -> VisionWeights:
        return tiny_weights()

    monkeypatch.setattr(weights, "load", load)


def test_fit_then_evaluate(
    encoder: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_images(tmp_path / "data", per_source=4)
    common = ["--cache", str(tmp_path / "cache"), "--threads", "1"]
    out = tmp_path / "head"
    assert command.main([*common, "fit", str(data), "--out", str(out), "--name", "tiny"]) == 0
    assert "tiny 1.0.0 written" in capsys.readouterr().out
    judge = ["evaluate", str(data), "--head", str(out), "--out", str(tmp_path / "report")]
    assert command.main([*common, *judge]) == 0
    assert "| clean |" in capsys.readouterr().out
    text = (tmp_path / "report" / "evaluation.md").read_text()
    assert str(tmp_path) not in text
    assert "python -m training --cache cache --threads 1 evaluate data" in text


def test_an_error_is_a_sentence(
    encoder: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["evaluate", str(tmp_path / "nothing")]) == 1
    assert "is not a folder" in capsys.readouterr().err


def test_build_prints_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(embedded, "build", lambda cache, _say, *, fitted: cache / fitted.name)
    assert command.main(["--cache", str(tmp_path), "build"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / embedded.DATA.name)
    assert command.main(["--cache", str(tmp_path), "build", "mine"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "mine")
