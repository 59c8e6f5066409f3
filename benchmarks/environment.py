"""Environments apart from the one that develops this project."""

import hashlib
import os
import re
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path


class EnvironmentFailedError(RuntimeError):
    """An environment cannot be made; says why, in the installer's words."""


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
        _install(command, os.environ, what=" ".join(requirements))
        ready.touch()
    return python


def image_environment(cache: Path) -> Path:
    """Return the interpreter of an environment with what the job's image holds, and no more.

    With the packages of development beside them the job is another one: where there is pandas,
    pyarrow imports it with the first rows, which takes some 50 MB. Made as the ``Dockerfile`` does,
    for a processor; to be called in the root of the checkout.

    Parameters
    ----------
    cache
        Folder of all environments.

    Raises
    ------
    EnvironmentFailedError
        If uv cannot install them.
    """
    folder = cache / "image"
    options = "--frozen --no-dev --no-build --no-install-project --quiet --extra cpu"
    command = [str(Path(sys.executable).parent / "uv"), "sync", *options.split()]
    environ = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)}
    # uv would tell of the active environment that it is not this one.
    environ.pop("VIRTUAL_ENV", None)
    command += ["--python", sys.executable]
    _install(command, environ, what="the image's packages")
    return folder / "bin" / "python"


def _install(command: Sequence[str], environ: Mapping[str, str], *, what: str) -> None:
    done = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["the installer said nothing"]
        raise EnvironmentFailedError(f"{what}: {lines[-1]}")
