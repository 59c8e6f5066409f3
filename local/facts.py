"""What is known of the local stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StackOutputs:
    """A running stack: where it is, and its outputs by their names in the template."""

    endpoint: str
    region: str
    stack: str
    values: Mapping[str, str]

    def environ(self) -> dict[str, str]:
        """Give the environment variables with which any AWS SDK speaks to the stack."""
        return {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_SECRET_ACCESS_KEY": "test",
        }


@dataclass(frozen=True)
class StackStatus:
    """What is known of the local stack.

    Attributes
    ----------
    running : bool
        Whether the emulator answers.
    deployed : bool
        Whether the stack is on it.
    endpoint : str, optional
        Its URL, while it runs.
    region, stack : str
        Where the stack is, and its name.
    pid : int, optional
        The emulator's process, while it runs.
    home : Path
        Folder of the state.
    """

    running: bool
    deployed: bool
    endpoint: str | None
    region: str
    stack: str
    pid: int | None
    home: Path
