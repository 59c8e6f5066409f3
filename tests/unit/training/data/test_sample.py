"""The sample: honest about what it is, the same every time, nothing given away by its files."""

from pathlib import Path

import pytest
from PIL import Image

from aidetect.samples import write_samples
from detector.evaluation import Label
from training.data.folder import find_folder
from training.data.sample import README, write_sample
from training.dataset import load_dataset


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_samples(tmp_path_factory.mktemp("photographs"))


def test_a_sample_is_a_labelled_folder(photographs: list[Path], tmp_path: Path) -> None:
    assert write_sample(tmp_path, photographs, images=48) == 48
    data = load_dataset(tmp_path)
    assert len(data.images) == 48
    assert len(data.sources) == 4
    for label in Label:
        mine = [i for i in data.images if i.label is label]
        assert (len(mine), len({i.source for i in mine})) == (24, 4)
    assert {i.generator for i in data.images if i.label is Label.AI} == {
        "enlarged (stand-in)", "median (stand-in)", "patch-components (stand-in)",
    }  # fmt: skip
    text = (tmp_path / README).read_text()
    assert "STAND-INS, not the work of real generators" in text
    assert find_folder(tmp_path).total == 48


def test_files_give_nothing_away(photographs: list[Path], tmp_path: Path) -> None:
    write_sample(tmp_path, photographs, images=24)
    paths = list(tmp_path.rglob("*.png"))
    assert len({path.stat().st_size for path in paths}) == 1
    for path in paths:
        with Image.open(path) as image:
            assert (image.size, image.mode) == ((160, 160), "RGB")
    for real in (tmp_path / "real").rglob("*.png"):
        stand_in = tmp_path / "ai" / real.relative_to(tmp_path / "real")
        assert stand_in.read_bytes() != real.read_bytes()


def test_a_seed_is_a_sample(photographs: list[Path], tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_sample(tmp_path / name, photographs, images=16, seed=seed)
    a, b, c = (
        {p.relative_to(tmp_path / name): p.read_bytes() for p in (tmp_path / name).rglob("*.*")}
        for name in "abc"
    )
    assert a == b
    assert a != c


def test_too_few_photographs_are_explained(photographs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 photographs cannot be 4 sources"):
        write_sample(tmp_path, photographs[:3])
