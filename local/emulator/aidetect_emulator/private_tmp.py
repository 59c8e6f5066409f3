"""Folders that a function or a job has for its own on AWS, and that here lie in the stack's."""

from collections.abc import Mapping
from pathlib import PurePosixPath

TMP = "/tmp"  # noqa: S108  (the name is replaced, not used)


def relocate_all(environ: Mapping[str, str], folders: Mapping[str, str]) -> dict[str, str]:
    """Give the variables with every value at or below one of the folders moved to its new place.

    Of folders that lie in each other the inner one counts, as with mounts.
    """
    inner_first = sorted(folders, key=lambda f: len(PurePosixPath(f).parts), reverse=True)

    def moved(value: str) -> str:
        for folder in inner_first:
            if value == folder or value.startswith(f"{folder}/"):
                return folders[folder] + value[len(folder) :]
        return value

    return {name: moved(value) for name, value in environ.items()}


def relocate(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Give the variables with every value that is ``/tmp`` or lies below it moved to ``folder``."""
    return relocate_all(environ, {TMP: folder})
