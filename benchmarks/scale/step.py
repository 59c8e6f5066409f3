"""One step in a process of its own, so that its peak of memory is its own.

python -m benchmarks.scale.step STEP BATCH PREFIX DETECTOR

prints seconds, processor seconds and peak memory as JSON. The handlers are those that AWS calls.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batch_inference.job import score_shard
from batch_inference.settings import Settings
from benchmarks.scale.fill import fill
from benchmarks.throughput.batch import BUCKET
from benchmarks.throughput.memory_watch import high_water
from detector.layout import BatchLayout
from detector.package import DetectorPackage
from detector.plan import BatchPlan
from detector.stored_plan import load_plan
from functions.aws import s3_client
from functions.collect.handler import handler as collect
from functions.plan.handler import handler as plan
from tests.unit.batch_inference.support import FakeEngine

# What Lambda allows at most.
LAMBDA_MS = 900_000


@dataclass(frozen=True)
class Context:
    """What a handler is told of its invocation."""

    started: float
    function_name: str = "scale"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:scale"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Return what is left of fifteen minutes, a busy machine's other work not counted."""
        return LAMBDA_MS - round((time.process_time() - self.started) * 1000)


def run(step: str, batch: str, prefix: str, package: DetectorPackage) -> dict[str, Any]:
    """Do a step and return what it says of itself."""
    where = BatchLayout(BUCKET, batch).plan
    context: Any = Context(time.process_time())
    if step == "start":
        return {}
    if step == "plan":
        event = {"input": {"prefix": prefix, "lane": "batch"}, "execution": batch}
        return {"shards": plan(event, context)["shards"]}
    if step == "close":
        news = collect({"plan": str(where), "batch": batch}, context)
        return {"rows": news["counts"]["rows"], "report": bool(news["report"])}
    known = load_plan(s3_client(), where)
    if step == "fill":
        return {"shards": fill(known, package, s3_client())}
    return {"rows": _child(known, int(step.removeprefix("child ")), package)}


def _child(plan: BatchPlan, index: int, package: DetectorPackage) -> int:
    record = score_shard(
        plan,
        plan.shards[index],
        s3=s3_client(),
        package=package,
        engine=FakeEngine(batch_size=64),
        attempt=1,
        settings=Settings(),
    )
    return record.counts.rows


def main() -> None:
    """Do what the command line names."""
    step, batch, prefix, described = sys.argv[1:]
    package = DetectorPackage.parse(Path(described).read_bytes())
    begun, spent = time.perf_counter(), time.process_time()
    said = run(step, batch, prefix, package)
    found = {
        "seconds": round(time.perf_counter() - begun, 2),
        "processor_seconds": round(time.process_time() - spent, 2),
        # Not the usage that the kernel tells: it knows the memory of who started this, too.
        "peak_mb": round(high_water(os.getpid()) / 1e6, 1),
        **said,
    }
    # The handlers log on standard output too; the last line is this one.
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
