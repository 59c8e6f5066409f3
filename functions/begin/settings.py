"""Settings of begin."""

from functions.settings import Settings


class BeginSettings(Settings):
    """Where runs, detectors and data sets lie; ``source_bucket`` is empty where there is none."""

    training_bucket: str
    models_bucket: str
    source_bucket: str
    champion_parameter: str
