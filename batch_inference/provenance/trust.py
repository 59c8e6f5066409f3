"""Whose signatures are proof: the C2PA's trust lists, and what a deployment adds to them."""

import os
from pathlib import Path

FOLDER = Path(__file__).with_name("trust")
# Files of certificates in PEM, joined as in PATH.
VARIABLE = "C2PA_TRUST_ANCHORS"


def read_anchors() -> str:
    """Return all anchors as one PEM text.

    Raises
    ------
    OSError
        If a file that the environment variable names cannot be read.
    """
    named = [Path(name) for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name]
    return "\n".join(path.read_text("utf-8") for path in [*sorted(FOLDER.glob("*.pem")), *named])
