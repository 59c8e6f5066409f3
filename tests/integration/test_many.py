"""Thousands of objects in one batch, each its one row. As uploads: python -m tests.many"""

from pathlib import Path

import pytest

from aidetect.source import Drop, Upload
from aidetect.upload import upload
from aidetect.verification.verify import verify
from detector.plan import Lane
from tests.faults.scene import scene
from tests.integration.stack import Stack
from tests.many.memory import PeakMemory

pytestmark = pytest.mark.integration

IMAGES = 5_000
PREFIX = "held/many/"
# MiB; a job's process has some 220 with this detector, however many objects there are.
MOST = 512


def test_five_thousand_objects_have_five_thousand_rows(
    stack: Stack, home: Path, tmp_path: Path
) -> None:
    with scene(stack, home, tmp_path, seed=5, side=96) as made, PeakMemory(home) as memory:
        uploads = tuple(
            Upload(path, f"{PREFIX}{number:06d}{path.suffix}", path.stat().st_size)
            for number, path in enumerate(made.rng.choices(made.images, k=IMAGES))
        )
        upload(stack.target.s3, stack.target.outputs.IntakeBucket, Drop(PREFIX, uploads))
        rows = stack.score(PREFIX, "many", Lane.BATCH)
    assert len(rows) == IMAGES
    assert {row["key"] for row in rows} == {one.key for one in uploads}
    assert {row["verdict"] for row in rows} <= {"ai", "real", "unsure"}
    assert verify(stack.target, stack.summary("many")).kept
    assert 0 < memory.mib["job"] < MOST, memory.mib
