"""Thousands of objects in one drop: each its one row. More, by command: python -m tests.many"""

from pathlib import Path

import pytest

from tests.faults.scene import scene
from tests.integration.stack import Stack
from tests.many.crossing import cross

pytestmark = pytest.mark.integration

IMAGES = 5_000
# MiB; a job's process has some 200 with this detector, however many objects there are.
MOST = 512


def test_five_thousand_objects_have_five_thousand_rows(
    stack: Stack, home: Path, tmp_path: Path
) -> None:
    with scene(stack, home, tmp_path, seed=5, side=96) as made:
        crossing = cross(made, IMAGES)
    assert crossing.exact, crossing
    assert crossing.verdicts.get("error", 0) == 0
    assert 0 < crossing.peak_mib["job"] < MOST, crossing.peak_mib
