"""The error of encoder weights."""


class WeightsError(RuntimeError):
    """Encoder weights could not be had, or are not what they should be."""
