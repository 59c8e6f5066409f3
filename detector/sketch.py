"""A sketch of what a detector said and saw of some images: small, and sketches add up."""

from detector.contract import Part

# Bounds of the score histogram's bins, in log-odds of the calibrated probability: p = 0.002 … 0.998
# in halves, with one bin more at each end. Fixed, so that sketches of any detector can be added.
SCORE_EDGES: tuple[float, ...] = tuple(step / 2 for step in range(-12, 13))
SCORE_BINS = len(SCORE_EDGES) + 1
# Directions that embeddings are projected on: batch_inference/sketching.py.
DIRECTIONS = 16


class Sketch(Part):
    """What is kept of ``images`` images, all of one detector.

    ``scores`` counts their calibrated log-odds by the bins of :data:`SCORE_EDGES`; ``seen`` is the
    sum of their projected embeddings, one number a direction.
    """

    images: int = 0
    scores: tuple[int, ...] = (0,) * SCORE_BINS
    seen: tuple[float, ...] = (0.0,) * DIRECTIONS

    def __add__(self, other: "Sketch") -> "Sketch":
        return Sketch(
            images=self.images + other.images,
            scores=tuple(a + b for a, b in zip(self.scores, other.scores, strict=True)),
            seen=tuple(a + b for a, b in zip(self.seen, other.seen, strict=True)),
        )
