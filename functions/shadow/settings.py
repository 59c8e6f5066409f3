"""Settings of shadow."""

from functions.settings import Settings


class ShadowSettings(Settings):
    """Where batches lie, which challenger runs, and what scores."""

    results_bucket: str
    shadow_parameter: str
    state_machine_arn: str
