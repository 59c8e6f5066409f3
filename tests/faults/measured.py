"""What a command tells, and what a result says of how it came about."""

import os
import platform
import shlex
import sys
from datetime import UTC, datetime


def say(text: str) -> None:
    """Show a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def measured(module: str) -> dict[str, str]:
    """Return the command that is running, when, and on what."""
    return {
        "command": f"python -m {module} {shlex.join(sys.argv[1:])}",
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "python": platform.python_version(),
    }
