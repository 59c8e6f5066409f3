"""Settings of intake."""

from functions.settings import Settings


class IntakeSettings(Settings):
    """Where the manifest goes, and what is started with it."""

    results_bucket: str
    state_machine_arn: str
