"""Packages that only importing needs, and what to do where one is missing."""

import importlib
from types import ModuleType


class MissingPackageError(RuntimeError):
    """A package that is not installed is needed; the message says how to install it."""


def extra(name: str, what: str) -> ModuleType:
    """Import an optional package.

    Raises
    ------
    MissingPackageError
        If it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise MissingPackageError(
            f"{what} needs the package {name!r}, which is not installed: pip install "
            "'aidetect[import]'"
        ) from error
