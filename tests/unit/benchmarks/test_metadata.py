"""Bare files: what is read of them, and whether they explain a detector."""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.metadata.explain import explain, fifths, logits_of_files
from benchmarks.metadata.facts import Facts
from tests.unit.benchmarks.test_levers import images
from training.probe import balance

EACH = 60


def encoded(kind: str, size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(buffer, kind, **options)
    return buffer.getvalue()


def test_files_of_another_size_format_or_quality_are_told_apart() -> None:
    fine = Facts.of(encoded("JPEG", quality=95)).values
    coarse = Facts.of(encoded("JPEG", quality=30, progressive=True)).values
    png = Facts.of(encoded("PNG", (90, 40))).values
    assert (fine["jpeg"], fine["png"], png["jpeg"], png["png"]) == (1, 0, 0, 1)
    assert (png["width"], png["height"], png["aspect"]) == (90, 40, 2.25)
    assert coarse["luminance_step"] > 4 * fine["luminance_step"] > 0 == png["luminance_step"]
    assert coarse["bytes_a_pixel"] < fine["bytes_a_pixel"]
    assert (fine["progressive"], coarse["progressive"]) == (0, 1)
    assert list(fine) == list(coarse) == list(png)


def test_the_pixels_are_not_looked_at() -> None:
    data = encoded("PNG")
    # Signature, header, and that there is image data; the data itself become nonsense.
    head = data[:41]
    assert Facts.of(head + bytes(len(data) - 41)).values == Facts.of(data).values


@pytest.fixture(scope="module")
def seed() -> np.random.Generator:
    return np.random.default_rng(3)


def test_a_leak_in_the_files_is_found_on_sources_that_were_not_learnt(
    seed: np.random.Generator,
) -> None:
    known = images(EACH)
    target = np.array([image.target for image in known])
    leaking = seed.normal(size=(len(known), 3))
    leaking[:, 1] += 2 * target
    silent = seed.normal(size=(len(known), 3))
    other = seed.normal(size=len(known)) + target
    leak = explain(logits_of_files(leaking, known), other, known).files
    assert leak.value > 0.85
    assert leak.low < leak.value < leak.high
    assert explain(logits_of_files(silent, known), other, known).files.value < 0.6


def test_what_files_explain_is_gone_among_equals(seed: np.random.Generator) -> None:
    known = images(EACH)
    target = np.array([image.target for image in known])
    files = seed.normal(size=len(known)) + 2 * target
    pixels = seed.normal(size=len(known)) + 2 * target
    parrot = explain(files, files + 0.3 * seed.normal(size=len(known)), known)
    seeing = explain(files, pixels, known)
    assert parrot.detector.value > 0.85 > 0.75 > parrot.within.value
    assert seeing.within.value > 0.85
    assert min(parrot.real, parrot.ai) > 0.9 > 0.3 > max(abs(seeing.real), abs(seeing.ai))


def test_fifths_have_a_fifth_of_the_weight_each(seed: np.random.Generator) -> None:
    known = images(EACH)[: 5 * EACH]
    weights = balance(known)
    stratum = fifths(seed.normal(size=len(known)), weights)
    shares = np.bincount(stratum, weights) / weights.sum()
    np.testing.assert_allclose(shares, 0.2, atol=0.02)
