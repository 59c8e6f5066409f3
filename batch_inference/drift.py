"""Whether a batch is like the reference: PSI of its scores, shift of its embeddings' mean.

Both leave room for what differs between two sound batches; docs/drift.md has the formulas.
"""

import numpy as np
import numpy.typing as npt

from batch_inference.sketching import Doubles
from detector.drift_reference import Drift, DriftReference
from detector.sketch import Sketch

# Above it the population stability index is commonly read as a large shift, whatever chance may do:
# N. Siddiqi, "Credit Risk Scorecards", 2006.
PSI_LARGE = 0.25
# The least share of a bin, in a half-and-half mixture: emptier ones make PSI jump.
LEAST_SHARE = 0.05
# Added to each count, so that an empty bin is no infinity.
PRIOR = 0.5
# Shares of AI images that are tried.
SHARES: Doubles = np.linspace(0.0, 1.0, 21)
_TINY = 1e-9

Counts = npt.NDArray[np.int64]


def bins_of(real: Counts, ai: Counts) -> list[int]:
    """Return where the merged bins start, so that each holds enough of the reference."""
    mixture = (real / max(1, real.sum()) + ai / max(1, ai.sum())) / 2
    starts, held = [0], 0.0
    for number, share in enumerate(mixture.tolist()):
        if held >= LEAST_SHARE and mixture[number:].sum() >= LEAST_SHARE:
            starts.append(number)
            held = 0.0
        held += share
    return starts


def psi(batch: Counts, real: Counts, ai: Counts) -> Doubles:
    """Return the PSI of batches against the mixture of the classes that is nearest to each.

    How many of a batch's images are AI is no drift, so that share is left free: only what no
    mixture of real and AI images explains is counted (label shift: Saerens et al., 2002,
    https://doi.org/10.1162/089976602753284446).

    Parameters
    ----------
    batch
        Counts [S, B] of S batches by bins.
    real, ai
        Counts [B] of the reference's classes, or [S, B] of one for each batch.
    """
    said, of_real, of_ai = map(_shares, (batch, real, ai))
    best: Doubles = np.full(len(said), np.inf)
    for share in SHARES.tolist():
        expected = share * of_ai + (1 - share) * of_real
        best = np.minimum(best, ((said - expected) * np.log(said / expected)).sum(axis=-1))
    return best


def _shares(counts: Counts) -> Doubles:
    counted = np.asarray(counts + PRIOR, np.float64)
    shares: Doubles = counted / counted.sum(axis=-1, keepdims=True)
    return shares


def shift(means: Doubles, images: int, mean: Doubles, within: Doubles, between: Doubles) -> Doubles:
    """Return how far batches' mean embeddings are off, in standard deviations, the worst direction.

    A batch often comes from one source, and sources differ; so a mean may differ by what means of
    sources do (``between``), and by what so few images do (``within`` / ``images``).

    Parameters
    ----------
    means
        Means of projected embeddings, [S, K] of S batches.
    images
        Images in each.
    mean, within, between
        Of the reference, [K], or [S, K] of one for each batch.
    """
    off: Doubles = np.abs(means - mean) / np.sqrt(between + within / images + _TINY)
    worst: Doubles = off.max(axis=-1)
    return worst


def judge(sketch: Sketch, reference: DriftReference) -> Drift | None:
    """Compare a batch with the reference; None where it has too few images to say anything."""
    limit = reference.limit(sketch.images)
    if limit is None:
        return None
    real, ai = np.array(reference.real), np.array(reference.ai)
    starts = bins_of(real, ai)
    merged = [np.add.reduceat(counts, starts) for counts in (np.array(sketch.scores), real, ai)]
    means = np.array(sketch.seen) / sketch.images
    spread = [np.array(part) for part in (reference.mean, reference.within, reference.between)]
    return Drift(
        images=sketch.images,
        psi=float(psi(merged[0][None], merged[1], merged[2])[0]),
        psi_limit=max(PSI_LARGE, limit.psi),
        shift=float(shift(means[None], sketch.images, *spread)[0]),
        shift_limit=limit.shift,
    )
