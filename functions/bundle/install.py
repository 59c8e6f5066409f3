"""Installs pinned packages into a folder, with uv where there is one, else with pip."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from functions.bundle.target import Target


class InstallError(RuntimeError):
    """The packages of a bundle could not be installed."""


def command(requirements: Path, folder: Path, target: Target) -> list[str]:
    """Return the command that installs ``requirements`` into ``folder`` for ``target``."""
    common = ["--target", str(folder), "--only-binary", ":all:", "--require-hashes", "--no-deps"]
    common += ["--quiet", "--requirement", str(requirements)]
    uv = [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else []
    if not uv and (found := shutil.which("uv")):
        uv = [found]
    if uv:
        # Copies, since the files are touched afterwards and uv's cache must not be.
        return [*uv, "pip", "install", "--link-mode", "copy", *target.arguments(), *common]
    return [
        *(sys.executable, "-m", "pip", "install", "--no-compile", "--disable-pip-version-check"),
        *target.pip_arguments(),
        *common,
    ]


def install(requirements: Path, folder: Path, target: Target) -> None:
    """Install exactly what ``requirements`` pins.

    Raises
    ------
    InstallError
        If the installer fails; carries its own words.
    """
    words = command(requirements, folder, target)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(
            f"installing {requirements.name} for Python {target.tag} failed; is the package "
            f"registry reachable?\n$ {' '.join(words)}\n{done.stderr or done.stdout}"
        )
