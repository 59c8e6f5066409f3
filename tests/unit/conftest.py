"""What makes thousands of small tests quick: AWS's models are read once, old objects left alone."""

import functools
import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

# Where tests run in several processes, theirs has it; a console would take it as it is made, and
# heed no width that a test gives later.
os.environ.pop("COLUMNS", None)


def pytest_collection_finish() -> None:
    """Leave out of every garbage collection what the imports made: it stays until the end."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Take it back at the end: libraries in C++ complain at length of what was not collected."""
    gc.unfreeze()


@pytest.fixture
def one_torch_thread() -> Iterator[None]:
    """One thread of torch: the same bits everywhere, and small layers wait for no others."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True, scope="session")
def models_read_once() -> Iterator[None]:
    """Read each of botocore's JSON files once, not once for every client's session."""
    once: Any = JSONFileLoader
    read = functools.cache(functools.partial(once._load_file, once()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(once, "_load_file", lambda _, *where: read(*where))
        yield
