"""Keeps a cache folder from growing without end."""

import shutil
import time
from pathlib import Path

# What was used within the hour may be in use by another stack.
SAFE_SECONDS = 3600.0


def prune(folder: Path, keep: int, now: float | None = None) -> list[Path]:
    """Delete what was used longest ago, beyond the ``keep`` newest entries; give what went.

    An entry's time of modification is its time of last use: see :func:`used`.
    """
    moment = time.time() if now is None else now
    entries = [(p.stat().st_mtime, p) for p in folder.iterdir() if not p.name.startswith(".")]
    old = [p for age, p in sorted(entries, reverse=True)[keep:] if moment - age > SAFE_SECONDS]
    for path in old:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return old


def used(path: Path) -> None:
    """Note that an entry is used now."""
    path.touch()
