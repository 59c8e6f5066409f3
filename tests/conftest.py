"""What tests of several kinds share: a browser, and how they are dealt out to processes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import NoBrowserError, launch

# pytest-xdist tells its processes how wide the terminal is; tests say that themselves.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once a module.

    Not once a session: Playwright runs a loop in this thread as long as it lives, and nothing else
    could run one, neither a second Playwright nor a notebook.
    """
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowserError as error:
            pytest.fail(str(error))
        yield browser
        browser.close()


# These take turns at one local stack; everything else is independent from file to file.
ON_A_STACK = ("integration", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file together, and all that need a local stack: pytest-xdist's groups."""
    here = Path(__file__).parent
    for item in items:
        kind = item.path.relative_to(here).parts[0]
        group = "stack" if kind in ON_A_STACK else item.path.relative_to(here).as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
