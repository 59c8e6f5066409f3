"""From a raw logit to a calibrated probability."""

import math
from typing import TYPE_CHECKING, TypeVar

from detector.contract import Part

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# One logit, or an array of them.
Logit = TypeVar("Logit", float, "npt.NDArray[np.float64]")


class Calibration(Part):
    """Platt scaling: ``p = sigmoid(slope * logit + intercept)``.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, logit: Logit) -> Logit:
        """Return the calibrated log-odds of a logit, or of each of an array, float64."""
        return self.slope * logit + self.intercept

    def probability(self, logit: float) -> float:
        """Return the calibrated probability, in [0, 1], that the image is AI-generated."""
        z = self.log_odds(logit)
        # Two forms, so that exp never overflows.
        if z >= 0:
            return 1.0 / (1.0 + math.exp(-z))
        e = math.exp(z)
        return e / (1.0 + e)
