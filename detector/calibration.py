"""From a raw logit to a calibrated probability."""

import math

from detector.contract import Part


class Calibration(Part):
    """Platt scaling: ``p = sigmoid(slope * logit + intercept)``.

    Source: J. Platt, "Probabilistic outputs for support vector machines", 1999.
    """

    slope: float = 1.0
    intercept: float = 0.0

    def probability(self, logit: float) -> float:
        """Return the calibrated probability, in [0, 1], that the image is AI-generated."""
        z = self.slope * logit + self.intercept
        # Two forms, so that exp never overflows.
        if z >= 0:
            return 1.0 / (1.0 + math.exp(-z))
        e = math.exp(z)
        return e / (1.0 + e)
