"""A drop's batches by what lies in S3; executions are forgotten with the local stack."""

import time
from collections.abc import Callable, Iterator

from aidetect.execution import keys_below
from local.resume import control_objects
from tests.faults.scene import Dropped, Scene

Say = Callable[[str], None]


def await_batches(
    scene: Scene, dropped: Dropped, patience: float, say: Say = lambda _: None
) -> list[str]:
    """Wait until the batches that have summaries hold every object; return them."""
    end, told = time.monotonic() + patience, dict[str, int]()
    while sum(told.values()) < len(dropped.keys) and time.monotonic() < end:
        time.sleep(0.5)
        for batch, number in _closed(scene, dropped, told):
            told[batch] = number
            say(f"{sum(told.values()):,} of {len(dropped.keys):,} in {len(told)} batches")
    return list(told)


def _closed(scene: Scene, dropped: Dropped, known: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Yield each batch of the drop that ended meanwhile, with how many of its objects it holds."""
    target = scene.stack.target
    bucket = target.outputs.ResultsBucket
    for batch, names in control_objects(target.s3, bucket).items():
        if batch not in known and "summary.json" in names and "manifest.jsonl" in names:
            held = keys_below(target.s3, bucket, batch, dropped.prefix)
            if held:
                yield batch, len(held)
