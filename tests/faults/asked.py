"""Asks the local stack for faults: local/emulator/aidetect_emulator/fault_file.py."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local.emulator.aidetect_emulator.fault_file import FILE, CallFault


class Asked:
    """The file of faults of one stack, in its state folder ``home``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._path = home / FILE

    @contextmanager
    def calls(self, *faults: CallFault) -> Iterator[None]:
        """Have calls fail for a while."""
        with self._asking({"calls": [asdict(fault) for fault in faults]}):
            yield

    @contextmanager
    def environ(self, **variables: str) -> Iterator[None]:
        """Give functions and jobs that start meanwhile some variables."""
        with self._asking({"environ": variables}):
            yield

    @contextmanager
    def full_disk(self, file_bytes: int) -> Iterator[None]:
        """Have jobs that start meanwhile write no larger file."""
        with self._asking({"file_bytes": file_bytes}):
            yield

    def reclaim(self) -> None:
        """Take the machines of the jobs that run now; to be lifted once the trial is over."""
        self._write({"reclaim": secrets.token_hex(8)})

    def lift(self) -> None:
        """Ask for nothing any more."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def _asking(self, document: dict[str, Any]) -> Iterator[None]:
        self._write(document)
        try:
            yield
        finally:
            self.lift()

    def _write(self, document: dict[str, Any]) -> None:
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(document))
        new.replace(self._path)
