"""``auto`` depends on the machine, and says so; anything else is what was asked for."""

from pathlib import Path

import pytest

from detector.training_request import AUTO
from training import hub
from training.encoder import LARGE, resolve
from training.vision import WeightsError


@pytest.mark.parametrize("name", ["wheel", "me/clip@abc", "s3://bucket/clip/"])
def test_what_is_named_is_taken(name: str, tmp_path: Path) -> None:
    assert resolve(name, tmp_path, gpu=True) == name


@pytest.mark.parametrize(
    ("gpu", "hub_there", "chosen", "why"),
    [
        (True, True, LARGE, "there is a GPU and the model hub is reached"),
        (True, False, "wheel", "is not reached"),
        (False, True, "wheel", "without a GPU"),
    ],
)
def test_auto(
    gpu: bool,
    hub_there: bool,
    chosen: str,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fetch(*_names: object) -> Path:
        if not hub_there:
            raise WeightsError("no")
        return tmp_path

    monkeypatch.setattr(hub, "fetch", fetch)
    said: list[str] = []
    assert resolve(AUTO, tmp_path, gpu=gpu, tell=said.append) == chosen
    assert len(said) == 1
    assert why in said[0]
