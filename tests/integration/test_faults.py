"""Each fault once, on the stack of all tests: every image has its one row, and nothing is stuck.

Many trials of each, and their times: python -m tests.faults (docs/reliability.md).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS, Fault
from tests.faults.scene import Scene, scene
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def faulty(stack: Stack, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(stack, home, tmp_path_factory.mktemp("faults"), seed=0) as made:
        yield made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_image_has_its_one_row(faulty: Scene, fault: Fault) -> None:
    trial = fault.run(faulty, fault.name)
    assert trial.kept, trial
