"""What is left behind by a failure that nobody foresaw."""

import platform
import sys
import tempfile
import traceback
from pathlib import Path

from aidetect.version import version


def write_report(error: BaseException, arguments: list[str]) -> Path:
    """Write what a maintainer needs into a file of its own, readable by this user alone.

    Raises
    ------
    OSError
        If there is no room for it.
    """
    lines = [
        f"aidetect {version()}, Python {sys.version.split()[0]}, {platform.platform()}",
        f"arguments: {arguments}",
        "",
        *traceback.format_exception(error),
    ]
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="replace", prefix="aidetect-", suffix=".txt", delete=False
    ) as file:
        file.write("\n".join(lines))
    return Path(file.name)
