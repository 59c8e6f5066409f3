"""Settings of pulse."""

from functions.settings import Settings


class PulseSettings(Settings):
    """The state machine whose executions are batches."""

    state_machine_arn: str
