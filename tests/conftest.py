"""What tests of several kinds share: a browser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, started once a module.

    Not once a session: Playwright runs a loop in this thread as long as it lives, and nothing else
    could run one, neither a second Playwright nor a notebook.
    """
    # Here, so that the smoke test needs no browser.
    from playwright.sync_api import sync_playwright

    from tests.browser.chromium import NoBrowserError, launch

    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowserError as error:
            pytest.fail(str(error))
        yield browser
        browser.close()
