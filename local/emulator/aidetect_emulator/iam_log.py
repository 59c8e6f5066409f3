"""The record of what roles did and what they were denied, for proofs of least privilege."""

import json
import threading
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """One permission that a role's call needed.

    Attributes
    ----------
    role : str
        The role's name.
    action, resource : str
        What was asked for.
    via : str
        The service that made the call with the role (``states``, ``lambda``); empty for code.
    allowed : bool
        Whether the role's policies grant it.
    """

    role: str
    action: str
    resource: str
    via: str
    allowed: bool


class IamLog:
    """Appends records to the audit file, and the denied ones to a second one.

    A repeated grant is written once: the question is what a role uses, not how often.
    """

    def __init__(self, audit: Path, denied: Path) -> None:
        self._audit = audit
        self._denied = denied
        self._lock = threading.Lock()
        self._seen: set[Record] = set()

    def write(self, record: Record) -> None:
        """Append a record."""
        line = json.dumps(asdict(record), ensure_ascii=False) + "\n"
        with self._lock:
            if record.allowed and record in self._seen:
                return
            if len(self._seen) < 100_000:
                self._seen.add(record)
            for path in [self._audit] if record.allowed else [self._audit, self._denied]:
                with path.open("a", encoding="utf-8") as file:
                    file.write(line)


def read(path: Path) -> list[Record]:
    """Read an audit file back; nothing where there is none."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [Record(**json.loads(line)) for line in file if line.strip()]
