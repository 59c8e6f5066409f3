"""Fuzzes one target in child processes until so many executions are done; goes on where it was."""

import hashlib
import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path

from tests.fuzz.board import Board
from tests.fuzz.child import FINDING
from tests.fuzz.target import Target

# A child is replaced after so many, as the product replaces its workers: native code leaks.
RUNS_A_CHILD = 50_000
# Processor time of one execution, since the machine may be busy with something else.
HANG_SECONDS = 5.0
# Wall clock, for what waits and takes no processor time.
STALL_SECONDS = 300.0
POLL = 0.2
MOST_DEATHS = 50


@dataclass
class State:
    """What has been done; kept beside the corpus."""

    executions: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    peak_mib: int = 0
    children: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    deaths: dict[str, int] = field(default_factory=dict)

    @property
    def died(self) -> int:
        """How many children ended otherwise than by being done."""
        return sum(self.deaths.values())


class Campaign:
    """The fuzzing of one target.

    Parameters
    ----------
    name, engine
        Of the target; what makes the inputs.
    folder
        Where corpus, findings and state are.
    tell
        Given a line of progress now and then.
    """

    def __init__(self, name: str, engine: str, folder: Path, tell: Callable[[str], None]) -> None:
        self.engine, self.folder, self._tell = engine, folder, tell
        self.target: Target = import_module(f"tests.fuzz.{name}_target").TARGET
        self._kept = folder / "state.json"
        self.state = State(**json.loads(self._kept.read_text())) if self._kept.exists() else State()

    def run(self, runs: int, report_seconds: float = 60.0) -> State:
        """Fuzz until ``runs`` executions are done in all, those of earlier times included."""
        corpus = self.folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for seed in self.target.seeds():
            (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
        while self.state.executions < runs and self.state.died < MOST_DEATHS:
            self._child(min(RUNS_A_CHILD, runs - self.state.executions), report_seconds)
        return self.state

    def findings(self) -> dict[str, list[str]]:
        """Return the kept inputs of each kind of finding, deaths included."""
        kinds = sorted((self.folder / "findings").glob("*/"))
        return {kind.name: sorted(str(path) for path in kind.glob("*.bin")) for kind in kinds}

    def _child(self, runs: int, report_seconds: float) -> None:
        page = self.folder / "board"
        page.unlink(missing_ok=True)
        board = Board(page)
        board.close()
        state = self.state
        command = [sys.executable, "-m", "tests.fuzz.child", "--target", self.target.name]
        command += ["--engine", self.engine, "--folder", str(self.folder), "--runs", str(runs)]
        command += ["--seed", str(1 + state.children), "--hang-seconds", str(HANG_SECONDS)]
        state.children += 1
        before, began = (state.executions, state.seconds), time.monotonic()
        with (self.folder / "log").open("ab") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log)
            seen, moved, told = 0, began, began
            try:
                while child.poll() is None:
                    time.sleep(POLL)
                    now, board = time.monotonic(), Board(page)
                    board.close()
                    if board.executions != seen:
                        seen, moved = board.executions, now
                    elif now - moved > STALL_SECONDS:
                        child.kill()
                    if now - told > report_seconds:
                        told = now
                        rate = seen / (now - began)
                        self._tell(f"{before[0] + seen:,} executions, {rate:.0f} a second")
            finally:
                if child.poll() is None:
                    child.kill()
                child.wait()
                # Also when this process is being stopped: the counts so far are kept.
                board = Board(page)
                board.close()
                self._take(board, before, time.monotonic() - began)
                self._save()
        if child.returncode != 0 or board.executions < 1:
            self._died(child.returncode, page)
            self._save()

    def _take(self, board: Board, before: tuple[int, float], took: float) -> None:
        state = self.state
        state.executions, state.seconds = before[0] + board.executions, round(before[1] + took, 1)
        state.slowest = max(state.slowest, round(board.slowest, 3))
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        state.peak_mib = max(state.peak_mib, used)
        names = {**dict(enumerate(self.target.outcomes)), FINDING: "finding"}
        for number, name in names.items():
            state.outcomes[name] = state.outcomes.get(name, 0) + board.counts[number]

    def _died(self, code: int, page: Path) -> None:
        what = f"exit {code}" if code >= 0 else signal.Signals(-code).name
        if code == -signal.SIGPROF:
            what = f"hang over {HANG_SECONDS:g} s"
        elif code == -signal.SIGKILL:
            what = "killed: out of memory, or no progress"
        self.state.deaths[what] = self.state.deaths.get(what, 0) + 1
        board = Board(page)
        data = board.at_hand()
        board.close()
        kept = self.folder / "findings" / what.replace(" ", "-").replace(":", "")
        kept.mkdir(parents=True, exist_ok=True)
        if data is not None:
            (kept / f"{hashlib.sha256(data).hexdigest()[:16]}.bin").write_bytes(data)
        self._tell(f"a child died: {what}")

    def _save(self) -> None:
        partial = self._kept.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(self.state), indent=2), "utf-8")
        partial.replace(self._kept)
