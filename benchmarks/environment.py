"""An environment of its own for what would pin our packages to other versions."""

import hashlib
import re
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path


class EnvironmentFailedError(RuntimeError):
    """An environment cannot be made; says why, in pip's words."""


def environment(requirements: Sequence[str], cache: Path) -> Path:
    """Return the interpreter of an environment that holds the requirements, made on first use.

    Parameters
    ----------
    requirements
        As pip takes them; the first names the environment, and others make another one.
    cache
        Folder of all environments.

    Raises
    ------
    EnvironmentFailedError
        If pip cannot install them; a next call begins anew.
    """
    name = re.split(r"[^A-Za-z0-9_.-]", requirements[0].partition("==")[0])[0]
    digest = hashlib.sha256("\n".join(requirements).encode()).hexdigest()[:8]
    folder = cache / "rivals" / f"{name}-{digest}"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["pip said nothing"]
            raise EnvironmentFailedError(f"{' '.join(requirements)}: {lines[-1]}")
        ready.touch()
    return python
