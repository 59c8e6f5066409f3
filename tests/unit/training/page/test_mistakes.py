"""Mistakes are the worst ones, and their thumbnails tell nothing but the picture."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from detector.evaluation import Label
from detector.verdict import Decision
from training.dataset import LabelledImage
from training.page.mistakes import SIDE, find_mistakes, make_thumbnail

BANDS = Decision(threshold=0.8, unsure_from=0.3)
SECRET = b"51.5074 N, secret place"


def picture(path: Path, size: tuple[int, int] = (400, 300), seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6
    image.save(path, exif=exif, comment=SECRET, icc_profile=b"profile")
    return path


def folder(root: Path, count: int = 6) -> list[LabelledImage]:
    images = []
    for label in Label:
        for n in range(count):
            path = picture(root / f"{label.value}{n}.jpg", (60, 40), n)
            images.append(LabelledImage(path, label, f"{label.value}-source"))
    return images


def test_a_thumbnail_is_small_upright_and_bare(tmp_path: Path) -> None:
    data = picture(tmp_path / "a.jpg").read_bytes()
    assert SECRET in data
    small = make_thumbnail(data)
    assert SECRET not in small
    assert b"profile" not in small
    with Image.open(io.BytesIO(small)) as image:
        assert image.format == "JPEG"
        assert not image.getexif()
        # Turned by its orientation: a landscape of 4 to 3 stands upright.
        assert image.size == (120, SIDE)
    assert len(small) < 20_000


def test_accused_photographs_come_first_and_the_worst_of_them(tmp_path: Path) -> None:
    images = folder(tmp_path)
    scores = np.array([0.1, 0.85, 0.99, 0.8, 0.79, 0.5, 0.9, 0.29, 0.01, 0.3, 0.5, 0.6])
    found = find_mistakes(images, scores, BANDS, 10)
    assert [m.name for m in found] == ["real2.jpg", "real1.jpg", "real3.jpg", "ai2.jpg", "ai1.jpg"]
    assert found[0].probability == 0.99
    assert found[0].source == "real-source"
    assert len(found[0].sha256) == 64


def test_both_kinds_have_room(tmp_path: Path) -> None:
    images = folder(tmp_path)
    scores = np.array([0.9] * 6 + [0.1] * 6)
    labels = [m.label for m in find_mistakes(images, scores, BANDS, 6)]
    assert labels == [Label.REAL] * 4 + [Label.AI] * 2
    only = np.array([0.1] * 6 + [0.1] * 6)
    assert len(find_mistakes(images, only, BANDS, 6)) == 6


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    images = folder(tmp_path)
    images[0].path.write_bytes(b"no image")
    images[1].path.unlink()
    found = find_mistakes(images, np.array([0.9] * 6 + [0.5] * 6), BANDS, 3)
    assert [m.name for m in found] == ["real2.jpg", "real3.jpg", "real4.jpg"] or len(found) == 3
    assert "real0.jpg" not in {m.name for m in found}
