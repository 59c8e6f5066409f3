"""Settings of stop."""

from functions.settings import Settings


class StopSettings(Settings):
    """The fleets' compute environments, ARNs by comma, and whom to tell."""

    compute_environments: str
    topic_arn: str

    @property
    def fleets(self) -> list[str]:
        """The ARNs."""
        return [arn for arn in self.compute_environments.split(",") if arn]
