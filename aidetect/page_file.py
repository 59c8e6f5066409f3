"""A page as a file on this machine, and the browser that shows it."""

import os
import sys
import tempfile
import webbrowser
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step, in the place of one before.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        Path(part).replace(path)
    finally:
        Path(part).unlink(missing_ok=True)


def has_browser() -> bool:
    """Whether there is a desktop; without one Python would start a browser in the terminal."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def open_page(path: Path) -> bool:
    """Show a page in the browser; return whether one was started."""
    return has_browser() and webbrowser.open(path.resolve().as_uri())
