"""The tool that deploys."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from aidetect.doctor.check import Check, Result, ok, warning
from aidetect.doctor.place import Place

SECONDS = 60.0
_VERSION = re.compile(r"\b(\d+)\.(\d+)\.(\d+)\b")
Version = tuple[int, int, int]


def _program() -> str | None:
    """Return the one on PATH, else the one that `make deploy` installs beside this Python."""
    beside = Path(sys.prefix) / "sam" / "bin" / "sam"
    return shutil.which("sam") or (str(beside) if beside.is_file() else None)


def _installed(program: str) -> Version | None:
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=SECONDS
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _read(said)


def _read(text: str) -> Version | None:
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _tried() -> Version | None:
    """Return the version that this checkout is tested with; None in an installed package."""
    try:
        from local.toolchain import SAM
    except ImportError:
        return None
    lines = SAM.source.read_text("utf-8").splitlines() if SAM.source.is_file() else []
    return next((_read(line) for line in lines if line.startswith("aws-sam-cli==")), None)


def look(_place: Place) -> Result:
    """Look for it, and whether it is as new as the one that the template is tested with."""
    program = _program()
    if program is None:
        return warning("no sam", "to deploy from here: `make deploy` brings it, or install it")
    installed, tried = _installed(program), _tried()
    if installed is None:
        return warning(f"{program} does not say its version", "install the AWS SAM CLI anew")
    shown = f"sam {'.'.join(map(str, installed))}"
    if tried is not None and installed < tried:
        wanted = ".".join(map(str, tried))
        return warning(
            f"{shown}; the template is tested with {wanted}", "update it, or use `make deploy`"
        )
    return ok(shown)


CHECK = Check(
    "sam",
    "Is the AWS SAM CLI here, as new as the one that the template is tested with?",
    look,
    no_local="the local stack brings its own",
)
