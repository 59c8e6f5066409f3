"""Which release this is."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed

UNKNOWN = "0+unknown"


def version() -> str:
    """Return the version of the installed package; ``0+unknown`` for a bare checkout."""
    try:
        return installed("aidetect")
    except PackageNotFoundError:
        return UNKNOWN
