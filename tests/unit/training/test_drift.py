"""The false-alarm rate that a drift reference states, by Monte Carlo; and that drift is seen."""

from pathlib import Path

import numpy as np
import pytest

from batch_inference.drift import judge
from batch_inference.sketching import Doubles, count_scores
from detector.drift_reference import DriftReference
from detector.evaluation import Label
from detector.sketch import DIRECTIONS, Sketch
from training.dataset import LabelledImage
from training.drift import FALSE_ALARM, MIN_IMAGES, Observed, make_reference

SOURCES, EACH, BATCHES, SIZE = 16, 60, 4000, 120
BETWEEN, WITHIN = 0.5, 1.0


def scores(rng: np.random.Generator, label: Label, count: int) -> Doubles:
    return rng.normal(1.5 if label is Label.AI else -1.5, 1.2, count)


def world(rng: np.random.Generator, sources: int = SOURCES) -> Observed:
    images, log_odds, seen = [], [], []
    for number in range(sources):
        label = Label.AI if number % 2 else Label.REAL
        images += [LabelledImage(Path("x.jpg"), label, f"source-{number}")] * EACH
        log_odds.append(scores(rng, label, EACH))
        centre = rng.normal(0, BETWEEN, DIRECTIONS)
        seen.append(rng.normal(centre, WITHIN, (EACH, DIRECTIONS)))
    return Observed(images, np.concatenate(log_odds), np.concatenate(seen))


def sound_batch(rng: np.random.Generator, size: int = SIZE) -> Sketch:
    """A batch of one source that was never seen, with any share of AI images."""
    ai = int(rng.binomial(size, rng.uniform()))
    said = np.concatenate([scores(rng, Label.AI, ai), scores(rng, Label.REAL, size - ai)])
    centre = rng.normal(0, BETWEEN, DIRECTIONS)
    mean = rng.normal(centre, WITHIN / np.sqrt(size))
    return sketch(said, mean * size)


def sketch(said: Doubles, seen: Doubles) -> Sketch:
    return Sketch(
        images=len(said), scores=tuple(count_scores(said).tolist()), seen=tuple(seen.tolist())
    )


def made(rng: np.random.Generator) -> DriftReference:
    reference = make_reference(world(rng), "made up")
    assert reference is not None
    return reference


@pytest.fixture(scope="module")
def reference() -> DriftReference:
    return made(np.random.default_rng(1))


def test_false_alarms_are_as_rare_as_stated() -> None:
    """Over references too: each is a sample, and the rate holds for who has any of them."""
    rng = np.random.default_rng(2)
    alarms = {"psi": 0, "shift": 0}
    worlds = 5
    for _ in range(worlds):
        reference = made(rng)
        for _ in range(BATCHES // worlds):
            found = judge(sound_batch(rng), reference)
            assert found is not None
            alarms["psi"] += found.psi > found.psi_limit
            alarms["shift"] += found.shift > found.shift_limit
    # Of 4,000 batches four are expected; eleven or more come by chance once in 300 times.
    assert pytest.approx(4) == FALSE_ALARM * BATCHES
    assert max(alarms.values()) < 11, alarms


def test_limits_fit_the_size_and_the_smallest_batches_have_none(reference: DriftReference) -> None:
    limits = list(reference.limits)
    assert [limit.psi for limit in limits] == sorted((x.psi for x in limits), reverse=True)
    rng = np.random.default_rng(3)
    assert judge(sound_batch(rng, limits[0].images - 1), reference) is None
    assert reference.limit(10**7) == limits[-1].model_copy(update={"images": 10**7})
    between = reference.limit(limits[0].images + 1)
    assert between is not None
    assert between.shift == max(limit.shift for limit in limits[:2])


def test_scores_that_no_mixture_explains_are_drift(reference: DriftReference) -> None:
    rng = np.random.default_rng(4)
    sound = sound_batch(rng)
    undecided = sketch(rng.normal(0, 0.3, SIZE), np.array(sound.seen))
    found = judge(undecided, reference)
    assert found is not None
    assert found.psi > 3 * found.psi_limit
    assert found.shift < found.shift_limit
    # Seen on the dashboard; the alarm goes by the shift.
    assert found.ratio < 1


def test_more_ai_images_alone_are_no_drift(reference: DriftReference) -> None:
    rng = np.random.default_rng(5)
    for label in Label:
        found = judge(sketch(scores(rng, label, 500), np.zeros(DIRECTIONS)), reference)
        assert found is not None
        assert found.psi < found.psi_limit


def test_images_unlike_any_source_are_drift(reference: DriftReference) -> None:
    rng = np.random.default_rng(6)
    sound = sound_batch(rng)
    away = np.array(sound.seen) + 10 * BETWEEN * SIZE
    found = judge(sound.model_copy(update={"seen": tuple(away.tolist())}), reference)
    assert found is not None
    assert found.shift > found.shift_limit
    assert found.psi < found.psi_limit


def test_sketches_add_up() -> None:
    rng = np.random.default_rng(7)
    one, other = sound_batch(rng), sound_batch(rng)
    both = one + other
    assert both.images == 2 * SIZE
    assert sum(both.scores) == both.images
    assert both.seen == pytest.approx(np.array(one.seen) + np.array(other.seen))


def test_too_few_images_are_no_reference() -> None:
    rng = np.random.default_rng(8)
    assert make_reference(world(rng, sources=2), "few sources") is None
    few = world(rng)
    ai = [n for n, image in enumerate(few.images) if image.label is Label.AI][MIN_IMAGES - 1 :]
    kept = np.setdiff1d(np.arange(len(few.images)), ai)
    images = [few.images[n] for n in kept.tolist()]
    assert make_reference(Observed(images, few.log_odds[kept], few.projected[kept]), "") is None
