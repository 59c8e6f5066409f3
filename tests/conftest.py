"""What tests of several kinds share: a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import NoBrowserError, launch


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
