"""Where the local stack keeps its things."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def state_home() -> Path:
    """Give the folder of the local stack's state: ``$AIDETECT_HOME``, else in the checkout."""
    own = os.environ.get("AIDETECT_HOME")
    return Path(own).expanduser().resolve() if own else CHECKOUT / ".aidetect"


@dataclass(frozen=True)
class StatePaths:
    """The files of one stack's state folder."""

    home: Path

    @property
    def record(self) -> Path:
        """The record of the running emulator."""
        return self.home / "emulator.json"

    @property
    def pid(self) -> Path:
        """The emulator's process id, for other tools to read."""
        return self.home / "emulator.pid"

    @property
    def log(self) -> Path:
        """The emulator's log."""
        return self.home / "emulator.log"

    @property
    def lock(self) -> Path:
        """The lock that keeps two commands from starting at once."""
        return self.home / "lock"

    @property
    def build(self) -> Path:
        """The folder of ``sam build``."""
        return self.home / "build"

    @property
    def sam_log(self) -> Path:
        """What ``sam`` printed last."""
        return self.home / "sam.log"

    @property
    def objects(self) -> Path:
        """The objects that survive the emulator."""
        return self.home / "s3"

    @property
    def parameters(self) -> Path:
        """The SSM parameters that survive the emulator."""
        return self.home / "ssm.json"
