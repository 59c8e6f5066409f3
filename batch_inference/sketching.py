"""Sketches images as they are scored: a histogram of scores, and sums of projected embeddings."""

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from batch_inference.engine import Floats, Scores
from detector.calibration import Calibration
from detector.sketch import DIRECTIONS, SCORE_BINS, SCORE_EDGES, Sketch

Doubles = npt.NDArray[np.float64]
_SEED = b"aidetect.directions/1"
_TINY = 1e-12


@lru_cache(maxsize=4)
def directions(width: int) -> Doubles:
    """Return the directions, float64 [width, DIRECTIONS], of entries 1 and -1.

    Random signs keep distances, so a shift of the mean shows in them (D. Achlioptas,
    "Database-friendly random projections", 2003). They come from a hash and not from a generator
    of random numbers, whose streams may change with its version: a reference is kept for years.
    """
    bits = np.frombuffer(hashlib.shake_256(_SEED).digest(width * DIRECTIONS // 8), np.uint8)
    signs: Doubles = np.unpackbits(bits).astype(np.float64) * 2 - 1
    return signs.reshape(width, DIRECTIONS)


def project(embeddings: Floats) -> Doubles:
    """Return embeddings [N, D], brought to length 1, on the directions: float64 [N, DIRECTIONS]."""
    wide = embeddings.astype(np.float64)
    lengths = np.sqrt((wide**2).sum(axis=1, keepdims=True))
    on: Doubles = (wide / np.maximum(lengths, _TINY)) @ directions(embeddings.shape[1])
    return on


def count_scores(log_odds: Doubles) -> npt.NDArray[np.int64]:
    """Count log-odds [N] by the bins of a sketch."""
    return np.bincount(np.searchsorted(SCORE_EDGES, log_odds, side="right"), minlength=SCORE_BINS)


class Sketcher:
    """Adds up what a shard's engine says; for one thread."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._images = 0
        self._scores = np.zeros(SCORE_BINS, np.int64)
        self._seen = np.zeros(DIRECTIONS, np.float64)

    def add(self, scores: Scores) -> None:
        """Add a batch. What is no number is left out: such an image has an error row."""
        logits = scores.logits.astype(np.float64)
        on = project(scores.embeddings)
        sound = np.isfinite(logits) & np.isfinite(on).all(axis=1)
        self._images += int(sound.sum())
        self._scores += count_scores(self._calibration.log_odds(logits[sound]))
        self._seen += on[sound].sum(axis=0)

    @property
    def sketch(self) -> Sketch:
        """What was added up so far."""
        return Sketch(
            images=self._images,
            scores=tuple(self._scores.tolist()),
            # Eight digits are more than an embedding has, and keep the record short.
            seen=tuple(round(value, 8) for value in self._seen.tolist()),
        )
