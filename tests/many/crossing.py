"""One drop of many objects, from the first upload to its last row."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from aidetect.execution import summary
from aidetect.results import read_rows
from aidetect.verification.verify import verify
from detector.uri import S3Uri
from tests.faults.scene import Scene
from tests.faults.stored import await_batches
from tests.faults.trial import stuck
from tests.many.memory import PeakMemory

PATIENCE = 3600.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Crossing:
    """What came of one drop.

    ``seconds`` from the end of the uploads to the last row; ``uploading`` before that. ``peak_mib``
    is the largest resident set of one process, by kind.
    """

    images: int
    rows: int
    lost: int
    doubled: int
    strangers: int
    batches: int
    broken: tuple[str, ...]
    stuck: tuple[str, ...]
    uploading: float
    seconds: float
    verdicts: dict[str, int] = field(default_factory=dict)
    peak_mib: dict[str, int] = field(default_factory=dict)

    @property
    def exact(self) -> bool:
        """Whether each object has its one row, and nothing else has one."""
        return self.rows == self.images and not (
            self.lost or self.doubled or self.strangers or self.broken or self.stuck
        )

    def record(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def cross(scene: Scene, images: int, say: Say = lambda _: None) -> Crossing:
    """Drop many objects, and hold every row that comes of them against what was dropped."""
    with PeakMemory(scene.asked.home) as memory:
        began = time.monotonic()
        dropped = scene.drop(images)
        uploaded = time.monotonic()
        say(f"{images:,} objects uploaded in {uploaded - began:.0f} s")
        batches = await_batches(scene, dropped, PATIENCE, say)
        ended = time.monotonic()
    # Before the batches are looked at: one that has its rows may still have to tell of itself.
    left = tuple(stuck(scene))
    rows, verdicts, broken = Counter[str](), Counter[str](), []
    target = scene.stack.target
    for batch in batches:
        closed = summary(target.s3, target.outputs.ResultsBucket, batch)
        if closed is None:
            broken.append(f"{batch}: not closed")
            continue
        broken += [f"{batch}: {c.promise}" for c in verify(target, closed).checks if not c.kept]
        for row in read_rows(target.s3, S3Uri.parse(closed.results)):
            rows[row["key"]] += 1
            verdicts[row["verdict"]] += 1
    return Crossing(
        images=images,
        rows=rows.total(),
        lost=len(dropped.keys - rows.keys()),
        doubled=sum(number > 1 for number in rows.values()),
        strangers=len(rows.keys() - dropped.keys),
        batches=len(batches),
        broken=tuple(broken),
        stuck=left,
        uploading=round(uploaded - began, 1),
        seconds=round(ended - uploaded, 1),
        verdicts=dict(verdicts),
        peak_mib=dict(sorted(memory.mib.items())),
    )
