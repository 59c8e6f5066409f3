"""Where all parts keep downloads and what they built. Standard library only: bundles need it."""

import os
from pathlib import Path

CACHE_VARIABLE = "AIDETECT_CACHE"


def cache_home() -> Path:
    """Return the folder of all caches: ``$AIDETECT_CACHE``, else ``aidetect`` in the user's own."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared).expanduser() if shared else Path.home() / ".cache") / "aidetect"
