"""Pairs: what the autoencoder gives back, and that both members are alike in all else."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from aidetect.samples import write_samples
from detector.evaluation import Label
from detector.training_request import Recipe, Settings
from tests.unit.training.tune.jobs import make_job, pictures
from training.dataset import DatasetError, LabelledImage
from training.stages.context import StopFlag, StoppedError
from training.tune.autoencoder import WEIGHTS, Autoencoder
from training.tune.order import Order
from training.tune.pairs import PairFolder, write_pairs
from training.tune.run import tune
from training.tune.views import Views

CPU = torch.device("cpu")


def decibels(one: Image.Image, other: Image.Image) -> float:
    """Return the peak signal-to-noise ratio of two images."""
    a, b = (np.asarray(image, dtype=np.float64) for image in (one, other))
    return float(10 * np.log10(255**2 / max(1e-9, ((a - b) ** 2).mean())))


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Image.Image:
    paths = {p.name: p for p in write_samples(tmp_path_factory.mktemp("samples"))}
    with Image.open(paths["chelsea.png"]) as image:
        return image.convert("RGB").crop((100, 20, 356, 276))


def test_a_photograph_survives_the_round_trip(photograph: Image.Image) -> None:
    rebuilt = Autoencoder(CPU).rebuild(photograph)
    assert rebuilt.size == photograph.size
    assert 28 < decibels(photograph, rebuilt) < 50


def test_the_weights_need_no_pickle() -> None:
    data = WEIGHTS.read_bytes()
    assert data[8:9] == b"{"
    assert int.from_bytes(data[:8], "little") < len(data)
    notice = WEIGHTS.with_name("NOTICE.txt").read_text()
    assert "Copyright (c) 2023 Ollin Boer Bohan" in notice
    source = (Path(sys.modules[Autoencoder.__module__].__file__ or "")).read_text()
    assert "torch.load" not in source


@pytest.mark.parametrize("kind", ["jpeg", "grey.jpeg", "png"])
def test_members_are_alike_but_for_the_autoencoder(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (61, 85, 3), dtype=np.uint8))
    source = tmp_path / f"source.{kind}"
    if kind == "png":
        image.save(source)
    else:
        image.convert("L" if "grey" in kind else "RGB").save(source, quality=71, subsampling=0)
    folder = PairFolder(tmp_path)
    folder.put(3, source, lambda real: real.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    with (
        Image.open(folder.path(3, rebuilt=False)) as real,
        Image.open(folder.path(3, rebuilt=True)) as rebuilt,
        Image.open(source) as original,
    ):
        assert real.format == rebuilt.format == ("JPEG" if kind == "jpeg" else "PNG")
        assert real.size == rebuilt.size == (80, 56)
        tables = [getattr(image, "quantization", None) for image in (real, rebuilt, original)]
        if kind == "jpeg":
            assert tables[0] == tables[1] == tables[2]
        near = decibels(real.convert("RGB"), original.convert("RGB").crop((0, 0, 80, 56)))
        assert near > 30
        assert decibels(real.convert("RGB"), rebuilt.convert("RGB")) < 20


def test_a_pair_that_cannot_be_made_names_the_image(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(DatasetError, match=r"broken\.jpg cannot be read"):
        PairFolder(tmp_path).put(0, tmp_path / "broken.jpg", lambda real: real)


def test_large_images_are_cut_between_blocks(tmp_path: Path) -> None:
    source = tmp_path / "large.png"
    Image.new("RGB", (1200, 40)).save(source)
    sizes: list[tuple[int, int]] = []

    def note(real: Image.Image) -> Image.Image:
        sizes.append(real.size)
        return real

    PairFolder(tmp_path).put(0, source, note)
    assert sizes == [(1024, 40)]


def test_only_pairs_to_come_are_rebuilt_and_a_stop_is_heeded(tmp_path: Path) -> None:
    images = pictures(tmp_path / "images")
    order = Order(images, 0, pairs=0.5)
    folder, said = PairFolder(tmp_path), list[str]()
    positions = range(10, order.epoch_length)
    write_pairs(folder, order, positions, images, lambda real: real, StopFlag(), said.append)
    wanted = {order[p].image for p in positions if order[p].paired}
    assert {int(p.name.split("-")[0]) for p in tmp_path.glob("*-rebuilt")} == wanted
    assert said == [f"Rebuilding {len(wanted)} real images by the autoencoder"]
    stop = StopFlag()
    stop.set()
    with pytest.raises(StoppedError):
        write_pairs(folder, order, positions, images, lambda real: real, stop, said.append)


def test_views_of_a_pair_differ_by_the_rebuilding_alone(tmp_path: Path) -> None:
    images = pictures(tmp_path / "images")
    order = Order(images, 0, pairs=1.0)
    folder = PairFolder(tmp_path)
    spec = make_job(tmp_path).spec
    views = Views(images, spec, Settings(), folder)
    positions = [p for p in range(order.epoch_length) if order[p].rebuilt][:6]
    # An autoencoder that changes nothing must make members that no view can tell apart.
    for position in positions:
        image = order[position].image
        folder.put(image, images[image].path, lambda real: real)
        assert np.array_equal(views(order[position - 1]), views(order[position]))


@pytest.mark.parametrize("recipe", [Recipe.LAYERNORM, Recipe.LORA])
def test_pairs_can_be_learnt_from(tmp_path: Path, recipe: Recipe) -> None:
    tuned = tune(make_job(tmp_path, recipe, pairs=0.25, epochs=1.0, degrade=True))
    # 24 images and a copy of every fourth of the 12 real turns, in whole batches of 8.
    assert tuned.images_seen == 32
    assert np.isfinite([step["loss"] for step in tuned.history if "loss" in step]).all()


def test_pairs_are_labelled_real_and_ai() -> None:
    images = [
        LabelledImage(Path("r"), Label.REAL, "a"),
        LabelledImage(Path("f"), Label.AI, "b"),
    ]
    draws = [Order(images, 0, pairs=1.0)[p] for p in range(3)]
    assert sorted((d.image, d.target, d.rebuilt) for d in draws) == [
        (0, 0, False),
        (0, 1, True),
        (1, 1, False),
    ]
