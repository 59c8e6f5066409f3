"""Settings of promote."""

from functions.settings import Settings


class PromoteSettings(Settings):
    """Where runs and detectors lie, and what names the champion."""

    training_bucket: str
    models_bucket: str
    champion_parameter: str
