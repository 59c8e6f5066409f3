"""Settings of tell."""

from functions.settings import Settings


class TellSettings(Settings):
    """Where runs lie, and whom to tell."""

    training_bucket: str
    topic_arn: str
