"""How the local stack is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local import sam

DEFAULT_PORT = 4566
DEFAULT_STACK = "aidetect"
REGION = "us-east-1"
# A single machine: answers in seconds rather than few batches, and shards that its two slots share.
LOCAL_PARAMETERS = {"BatchingWindowSeconds": "2", "ChunkSize": "200", "ImagesPerShard": "1000"}


@dataclass(frozen=True)
class UpOptions:
    """How the local stack is started.

    Attributes
    ----------
    port : int
        Where the emulator listens, on loopback.
    stack : str
        Name of the CloudFormation stack.
    parameters : mapping
        Template parameters, over :data:`LOCAL_PARAMETERS`.
    batch_slots : int
        Batch jobs that run at a time.
    alarm_period : int
        The longest period of an alarm, in seconds; 0 for those of the template.
    template : Path, optional
        Another template than the checkout's.
    detector : bool
        Whether to publish the embedded detector where no champion is set.
    """

    port: int = DEFAULT_PORT
    stack: str = DEFAULT_STACK
    parameters: Mapping[str, str] = field(default_factory=dict)
    batch_slots: int = 2
    alarm_period: int = 0
    template: Path | None = None
    detector: bool = True

    @property
    def template_path(self) -> Path:
        """The template to deploy."""
        return self.template or sam.checkout_template()

    def all_parameters(self) -> dict[str, str]:
        """Give the template's parameters, this machine's defaults among them."""
        defaults = LOCAL_PARAMETERS if self.template is None else {}
        return {**defaults, **self.parameters}
