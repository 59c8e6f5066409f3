"""Which Chromium the tests drive: the machine's own, or the one that Playwright installs.

``python -m tests.browser.chromium`` starts it and says which it is, or ends with status 1;
``make setup-browser`` asks it.
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = (
    "the browser tests need Chromium, and there is none: run `make setup-browser`, or install the "
    f"package chromium, so that one of {', '.join(NAMES)} is on the PATH"
)


class NoBrowserError(RuntimeError):
    """There is no Chromium on this machine."""


def executable(playwright: Playwright) -> str:
    """Return the path of a Chromium.

    Raises
    ------
    NoBrowserError
        If there is none; the message says how to get one.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path
    if Path(own).is_file():
        return own
    raise NoBrowserError(MISSING)


def launch(playwright: Playwright) -> Browser:
    """Start it; as root without its sandbox, which it refuses to start with there."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    # Containers often have a small /dev/shm, which Chromium would crash over.
    options.append("--disable-dev-shm-usage")
    return playwright.chromium.launch(executable_path=executable(playwright), args=options)


if __name__ == "__main__":
    with sync_playwright() as driver:
        try:
            # One that lacks a library is found, but does not start.
            launch(driver).close()
            print(executable(driver))  # noqa: T201 - the answer
        except (NoBrowserError, Error) as error:
            sys.exit(str(error))
