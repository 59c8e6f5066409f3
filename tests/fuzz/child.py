"""The process that works on the inputs: counts what comes of each, and keeps what is a finding."""

import argparse
import faulthandler
import hashlib
import os
import signal
import time
import traceback
from importlib import import_module
from pathlib import Path

from tests.fuzz.board import OUTCOMES, Board
from tests.fuzz.engine import ATHERIS, drive_atheris, drive_chance, instrumented

FINDING = OUTCOMES - 1
EXAMPLES = 3


def place(error: BaseException) -> str:
    """Name a finding by what was raised and where, so that each is kept but a few times."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).stem}-{last.name}-{last.lineno}" if last else "unknown"
    return f"{type(error).__name__}-{where}"


def keep(error: BaseException, data: bytes, folder: Path) -> None:
    """Save an input and the traceback, unless there are examples enough of its kind."""
    kind = folder / place(error)
    kind.mkdir(parents=True, exist_ok=True)
    if len(list(kind.glob("*.bin"))) < EXAMPLES:
        (kind / f"{hashlib.sha256(data).hexdigest()[:16]}.bin").write_bytes(data)
    story = kind / "traceback.txt"
    if not story.exists():
        story.write_text("".join(traceback.format_exception(error)), "utf-8")


def main() -> None:
    """Work until the runs are done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--hang-seconds", type=float, required=True)
    asked = parser.parse_args()
    with instrumented(asked.engine):
        module = import_module(f"tests.fuzz.{asked.target}_target")
    target = module.TARGET
    board = Board(asked.folder / "board")
    findings = asked.folder / "findings"
    numbers = {outcome: number for number, outcome in enumerate(target.outcomes)}

    def one(data: bytes) -> None:
        board.begin(data)
        # Ends this process by a signal, which is then seen from outside; also within native code.
        signal.setitimer(signal.ITIMER_PROF, asked.hang_seconds)
        began = time.process_time()
        try:
            outcome = numbers[target.run(data)]
        except Exception as error:  # noqa: BLE001 -- whatever escapes is a finding
            keep(error, data, findings)
            outcome = FINDING
        board.end(outcome, time.process_time() - began)

    module.prepare()
    options = {"runs": asked.runs, "seed": asked.seed, "longest": target.max_input}
    # The imaging libraries print warnings about hostile files; what a crash says is kept.
    faulthandler.enable(os.fdopen(os.dup(2), "w"))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    if asked.engine == ATHERIS:
        drive_atheris(one, asked.folder / "corpus", **options)
    drive_chance(one, asked.folder / "corpus", **options)


if __name__ == "__main__":
    main()
