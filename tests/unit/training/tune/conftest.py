"""One thread: the same bits everywhere, and no more of a shared machine than needed."""

import pytest


@pytest.fixture(autouse=True)
def _one_thread(one_torch_thread: None) -> None:
    """All tests of tuning."""
