"""Settings of watch."""

from functions.settings import Settings


class WatchSettings(Settings):
    """Where the golden set and what reviewers said lie, and what scores."""

    training_bucket: str
    results_bucket: str
    models_bucket: str
    champion_parameter: str
    state_machine_arn: str
