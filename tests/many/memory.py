"""How much memory each kind of the stack's processes takes at most."""

import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from local.processes import marked

# Looked for in command lines, in this order. What decode workers are forked from looks like them.
KINDS = {
    "decode worker": "batch_inference.forker",
    "job": "batch_inference --plan",
    "intake function": "functions.intake",
    "plan function": "functions.plan",
    "collect function": "functions.collect",
    "emulator": "localstack",
}
SECONDS = 0.5
MIB = 2**20


class PeakMemory:
    """Looks at a stack's processes as long as it is entered.

    Attributes
    ----------
    mib : dict
        By kind of process, the largest resident set that one of them had, in MiB.
    """

    def __init__(self, home: Path) -> None:
        self.mib: dict[str, int] = defaultdict(int)
        self._home = home
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(SECONDS):
            for process in marked(self._home):
                try:
                    line = " ".join(process.cmdline())
                    size = process.memory_info().rss // MIB
                except psutil.Error:
                    continue
                kind = next((k for k, words in KINDS.items() if words in line), None)
                if kind is not None:
                    self.mib[kind] = max(self.mib[kind], size)
