"""Takes out of installed packages what no function uses, and makes the rest reproducible."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from functions.bundle.recipe import AWS_SERVICES

# 1980-01-01, the earliest time a zip file can hold.
EPOCH = 315_532_800


def prune(folder: Path, patterns: Iterable[str]) -> None:
    """Delete what matches any of the glob patterns, which are relative to ``folder``."""
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    _prune_services(folder / "botocore" / "data")
    _merge_versions(folder / "pyarrow")


def _prune_services(data: Path) -> None:
    """Keep the definitions of the AWS services that are used, and what all of them share."""
    for path in data.glob("*/"):
        if path.name not in AWS_SERVICES:
            shutil.rmtree(path)


def _merge_versions(libraries: Path) -> None:
    """Drop libraries under a second name: the loader asks for the one that ends in the ABI."""
    for path in libraries.glob("libarrow_python*.so*"):
        if path.name.endswith(".so") or path.name.count(".") > 2:
            path.unlink()


def settle(folder: Path) -> None:
    """Give every file the same time and readable mode, so that equal content packs equally."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            os.utime(path, (EPOCH, EPOCH))


def weigh(folder: Path) -> tuple[int, int]:
    """Return the bytes and the number of all files below ``folder``."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)
