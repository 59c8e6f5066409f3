"""The record of a running emulator, by which later commands find it."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Record:
    """What a later command needs to know.

    Attributes
    ----------
    pid : int
        The emulator's process.
    created : float
        When it was started, epoch seconds as the system tells: tells a reused pid.
    port : int
        Where it listens.
    stack : str
        Name of the CloudFormation stack.
    region : str
        Its region.
    version : str
        Fingerprint of the emulator's own sources and settings.
    deployed : str
        Fingerprint of what is deployed; empty while nothing is.
    parameters : dict
        Template parameters it was deployed with.
    """

    pid: int
    created: float
    port: int
    stack: str
    region: str
    version: str
    deployed: str = ""
    parameters: dict[str, str] = field(default_factory=dict)

    def process(self) -> psutil.Process | None:
        """Give the emulator's process; None when it is gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 1.0
            alive = process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return None
        return process if same and alive else None

    @property
    def endpoint(self) -> str:
        """The URL of all services."""
        return f"http://127.0.0.1:{self.port}"

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        part = path.with_name(f"{path.name}.part")
        part.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        part.replace(path)


def load(path: Path) -> Record | None:
    """Read the record; None when there is none that can be read."""
    try:
        return Record(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
