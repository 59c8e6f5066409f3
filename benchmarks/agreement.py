"""Whether two ways to the same logits come to the same verdicts."""

from collections.abc import Sequence

import numpy as np

from detector.package import DetectorPackage


def agreement(
    package: DetectorPackage, one: Sequence[float], other: Sequence[float]
) -> dict[str, object]:
    """Return the share of equal verdicts, and by how much logits and probabilities differ.

    Parameters
    ----------
    package
        The detector: its calibration and its bands.
    one, other
        Logits [N] of the same images.
    """
    chances = np.array(
        [[package.calibration.probability(logit) for logit in row] for row in (one, other)]
    )
    verdicts = [[package.decision.verdict(p) for p in row] for row in chances.tolist()]
    same = [a is b for a, b in zip(*verdicts, strict=True)]
    away = np.subtract(other, one)
    return {
        "verdict_agreement": round(sum(same) / len(same), 5),
        "logit_difference": {
            "mean": round(float(np.abs(away).mean()), 5),
            "largest": round(float(np.abs(away).max()), 5),
            "to_one_side": round(float(away.mean()), 5),
        },
        "largest_probability_difference": float(np.abs(chances[0] - chances[1]).max()),
    }
