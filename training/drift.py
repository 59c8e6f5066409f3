"""Makes a detector's drift reference, and by simulation the limits that go with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from batch_inference.drift import Counts, bins_of, psi, shift
from batch_inference.sketching import Doubles, count_scores
from detector.drift_reference import DriftReference, Limit
from training.dataset import LabelledImage

# A batch that is like the reference exceeds a limit once in a thousand times, each of the two.
FALSE_ALARM = 0.001
SIMULATIONS = 20_000
# Images of a batch that limits are given for; below the least, nothing is said.
SIZES = (30, 60, 120, 250, 500, 1000, 5000)
# Fewer say nothing of how sources differ, or of a class's scores.
MIN_SOURCES, MIN_IMAGES = 4, 30


@dataclass(frozen=True)
class Observed:
    """What a detector said of images that it had not learnt from.

    ``log_odds`` are calibrated, [N]; ``projected`` are :func:`batch_inference.sketching.project`'s,
    [N, K], of the N ``images``, which may stand several times, a copy each.
    """

    images: Sequence[LabelledImage]
    log_odds: Doubles
    projected: Doubles


def enough(groups: Sequence[tuple[str, str]]) -> bool:
    """Tell whether images of these (class, source) pairs can be a reference."""
    each = Counter(label for label, _ in groups)
    return len(set(groups)) >= MIN_SOURCES and len(each) > 1 and min(each.values()) >= MIN_IMAGES


def make_reference(observed: Observed, data: str, *, seed: int = 0) -> DriftReference | None:
    """Return the reference; None where the images are too few to be one."""
    labels = np.array([image.target for image in observed.images])
    real, ai = (count_scores(observed.log_odds[labels == label]) for label in (0, 1))
    groups = [(image.label.value, image.source) for image in observed.images]
    numbers = {group: number for number, group in enumerate(sorted(set(groups)))}
    member = np.array([numbers[group] for group in groups])
    if not enough(groups):
        return None
    rows = [observed.projected[member == number] for number in range(len(numbers))]
    means = np.stack([part.mean(axis=0) for part in rows])
    off = np.concatenate([part - mean for part, mean in zip(rows, means, strict=True)])
    within = (off**2).sum(axis=0) / max(1, len(off) - len(rows))
    # What chance adds to the means' variance is taken off again.
    noise = within * np.mean([1 / len(part) for part in rows])
    between = np.maximum(means.var(axis=0, ddof=1) - noise, 0.0)
    limits = _limits(real, ai, within, between, len(rows), np.random.default_rng(seed))
    return DriftReference(
        data=data,
        sources=len(rows),
        real=tuple(real.tolist()),
        ai=tuple(ai.tolist()),
        mean=_rounded(means.mean(axis=0)),
        within=_rounded(within),
        between=_rounded(between),
        false_alarm=FALSE_ALARM,
        limits=limits,
    )


def _limits(
    real: Counts,
    ai: Counts,
    within: Doubles,
    between: Doubles,
    sources: int,
    rng: np.random.Generator,
) -> tuple[Limit, ...]:
    starts = bins_of(real, ai)
    classes = [np.add.reduceat(counts, starts) for counts in (real, ai)]
    return tuple(
        Limit(
            images=size,
            psi=_quantile(simulate_psi(classes[0], classes[1], size, SIMULATIONS, rng)),
            shift=_quantile(simulate_shift(within, between, sources, size, SIMULATIONS, rng)),
        )
        for size in SIZES
    )


def _quantile(values: Doubles) -> float:
    return round(float(np.quantile(values, 1 - FALSE_ALARM)), 6)


def simulate_psi(
    real: Counts, ai: Counts, size: int, count: int, rng: np.random.Generator
) -> Doubles:
    """Return the PSI of ``count`` sound batches, each with any share of AI images.

    Both samples are drawn anew: the batch, and the reference it is held against, which is as much
    a sample as the batch is.
    """
    of_real, of_ai = real / real.sum(), ai / ai.sum()
    shares = rng.uniform(size=(count, 1))
    batches = rng.multinomial(size, shares * of_ai + (1 - shares) * of_real)
    again = [rng.multinomial(total.sum(), total / total.sum(), size=count) for total in (real, ai)]
    return psi(batches, again[0], again[1])


def simulate_shift(
    within: Doubles,
    between: Doubles,
    sources: int,
    size: int,
    count: int,
    rng: np.random.Generator,
) -> Doubles:
    """Return the shift of ``count`` sound batches, each of one source that was not seen before.

    The few sources of the reference are drawn anew as well, since their mean and variance are known
    no better than that; sources' means are taken to be normal.
    """
    width = len(within)
    means = rng.normal(size=(count, width)) * np.sqrt(between / sources)
    # A variance of normal values is a chi-squared one, over its degrees of freedom.
    freedom = sources - 1
    varied = between * rng.chisquare(freedom, size=(count, width)) / freedom
    batch = rng.normal(size=(count, width)) * np.sqrt(between + within / size)
    return shift(batch, size, means, within, varied)


def _rounded(values: Doubles) -> tuple[float, ...]:
    return tuple(round(float(value), 8) for value in values)
