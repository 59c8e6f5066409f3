"""Lays a bundle out in a folder: its packages, hard-linked from the cache, and our sources."""

import os
import shutil
from pathlib import Path

from functions.bundle.cache import packages
from functions.bundle.prune import settle, weigh
from functions.bundle.recipe import LAMBDA_LIMIT_BYTES, LEFT_OUT, ROOT, Recipe
from functions.bundle.target import Target


class TooLargeError(RuntimeError):
    """A bundle is over Lambda's limit."""


def _link(source: str, destination: str) -> str:
    try:
        os.link(source, destination)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, destination)
    return destination


def assemble(recipe: Recipe, target: Target, folder: Path) -> tuple[int, int]:
    """Fill ``folder`` with the bundle.

    Returns
    -------
    Its size in bytes and its number of files.

    Raises
    ------
    TooLargeError
        If Lambda would refuse it.
    functions.bundle.install.InstallError
        If the packages cannot be installed.
    """
    shutil.copytree(
        packages(recipe, target), folder, copy_function=_link, dirs_exist_ok=True, symlinks=False
    )
    ignore = shutil.ignore_patterns(*LEFT_OUT, "*.pyc", "Makefile")
    for name in recipe.sources:
        destination = folder / name
        shutil.copytree(ROOT / name, destination, ignore=ignore, dirs_exist_ok=True)
        settle(destination)
    size, files = weigh(folder)
    if size > LAMBDA_LIMIT_BYTES:
        raise TooLargeError(
            f"bundle {recipe.name} has {size:,} bytes but Lambda takes {LAMBDA_LIMIT_BYTES:,}; "
            "leave more out in functions/bundle/recipe.py"
        )
    return size, files
