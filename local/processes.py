"""Every process of a stack: the emulator, the functions and jobs it started, and orphans of it."""

from pathlib import Path

import psutil

# The emulator, and everything it starts, carries this variable.
MARK = "AIDETECT_EMULATOR_STATE"
GRACE_SECONDS = 10.0


def marked(state: Path) -> list[psutil.Process]:
    """Find the processes that carry a stack's mark, also after their emulator was killed."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(state):
                found.append(process)
        except (psutil.Error, OSError):
            # Someone else's, or gone meanwhile.
            continue
    return found


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=0)
    return alive


def stop_all(first: psutil.Process | None, state: Path) -> int:
    """End a stack's processes: the emulator gently, so that it saves; then whatever is left.

    Returns
    -------
    int
        How many were ended.
    """
    known: dict[int, psutil.Process] = {p.pid: p for p in marked(state)}
    if first is not None:
        known[first.pid] = first
        _signal(first, kill=False)
        psutil.wait_procs([first], timeout=GRACE_SECONDS)
    # What it started after we looked.
    known.update({p.pid: p for p in marked(state)})
    rest = _alive(list(known.values()))
    for process in rest:
        _signal(process, kill=False)
    psutil.wait_procs(rest, timeout=2.0)
    for process in _alive(rest):
        _signal(process, kill=True)
    psutil.wait_procs(rest, timeout=GRACE_SECONDS)
    return len(known)


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        if kill:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
