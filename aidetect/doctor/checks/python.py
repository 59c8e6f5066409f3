"""The Python that this runs on."""

import sys

from aidetect.doctor.check import Check, Result, failed, ok
from aidetect.doctor.place import Place

OLDEST = (3, 11)


def _version() -> tuple[int, int]:
    return sys.version_info[:2]


def look(place: Place) -> Result:
    """Hold it against what the package, and the local stack, ask for."""
    version = _version()
    shown = f"Python {version[0]}.{version[1]}"
    if version < OLDEST:
        return failed(shown, "install Python 3.11 or newer, and run `make setup`")
    if place.is_local:
        from local.toolchain import SUPPORTED_PYTHON

        if version != SUPPORTED_PYTHON:
            return failed(
                f"{shown}; the emulator needs 3.11", "run `make PYTHON=/path/to/python3.11 setup`"
            )
    return ok(shown)


CHECK = Check("python", "Is this Python new enough?", look)
