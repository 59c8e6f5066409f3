"""What keeps tuning from its result. Each message says what to change; a retry would not help."""

from training.stages.context import StageError


class TuneError(StageError):
    """Tuning cannot do its work with what it was given."""


class NotInstalledError(TuneError):
    """The packages that tuning needs are not installed."""


class GpuMemoryError(TuneError):
    """The batch does not fit the GPU."""


class DivergedError(TuneError):
    """The loss is no number any more; weights of such a run are never kept."""


class CheckpointError(TuneError):
    """The checkpoints there belong to another run."""
