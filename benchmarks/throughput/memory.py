"""Measure the peak memory of shards of different lengths: it must not grow with them.

python -m benchmarks.throughput.memory [--images 500 50000] [--out benchmarks/memory.json]

Each shard is scored by the job's own command in a fresh process, with the packages of the job's
image and no others, from a local S3. A small detector stands in for the real one, so that fifty
thousand images take minutes: its memory would be the same however many there are. Memory is the sum
of the kernel's high-water marks of the job, its decode workers and what they are forked from, so
that no moment is missed; pages that they share count for each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmarks.environment import image_environment
from benchmarks.machine import machine
from benchmarks.s3_server import LocalS3, local_s3
from benchmarks.throughput.batch import BUCKET, plan, publish
from benchmarks.throughput.memory_watch import MemoryWatch
from detector.cache import cache_home
from detector.layout import BatchLayout
from detector.manifest import ManifestEntry
from detector.plan import BatchPlan
from detector.summary import ShardRecord
from tests.unit.batch_inference.support import tiny_package

PHOTOGRAPH = ("sklearn.datasets.images", "china.jpg")
PREFIX = "intake/photo-"


def make_batch(storage: LocalS3, images: int, folder: Path) -> BatchPlan:
    """Put a batch of one shard into the storage, and return its plan."""
    s3 = storage.client()
    package = tiny_package(folder)
    detector = publish(s3, folder, package)
    answer = s3.head_object(Bucket=BUCKET, Key=f"{PREFIX}{0:09d}.jpg")
    size, etag = answer["ContentLength"], answer["ETag"].strip('"')
    entries = (
        ManifestEntry(bucket=BUCKET, key=f"{PREFIX}{number:09d}.jpg", size=size, etag=etag)
        for number in range(images)
    )
    made = plan(s3, entries, detector, f"memory-{images}")
    where = BatchLayout(BUCKET, made.batch, made.run_date).plan
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=made.dumps().encode())
    return made


def measure(images: int, python: Path) -> dict[str, Any]:
    """Score a shard of so many images, and return its peak memory in MB and its seconds."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        photograph = folder / "photograph.jpg"
        package, name = PHOTOGRAPH
        photograph.write_bytes(files(package).joinpath(name).read_bytes())
        wish = f"{BUCKET}/{PREFIX}={images}:{photograph}"
        with local_s3(folder / "s3", "--objects", wish) as storage:
            batch = make_batch(storage, images, folder / "detector")
            layout = BatchLayout(BUCKET, batch.batch, batch.run_date)
            environ = {
                **os.environ,
                **storage.environment,
                "DETECTOR_CACHE": str(folder / "cache"),
            }
            start = time.perf_counter()
            command = [str(python), "-m", "batch_inference", "--plan", str(layout.plan)]
            job = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
            with MemoryWatch(job.pid) as watch:
                job.wait()
            if job.returncode:
                raise SystemExit(f"the job ended with status {job.returncode}")
            seconds = time.perf_counter() - start
            answer = storage.client().get_object(Bucket=BUCKET, Key=layout.shard(0).key)
            record = ShardRecord.parse(answer["Body"].read())
    if record.counts.rows != images or record.counts.reasons:
        raise SystemExit(f"{record.counts} of {images} images: this is no measurement")
    return {
        "images": images,
        "peak_mb": round((watch.root_mark + watch.children_mark) / 1e6, 1),
        "job_mb": round(watch.root_mark / 1e6, 1),
        "workers_mb": round(watch.children_mark / 1e6, 1),
        "seconds": round(seconds, 1),
        "chunks": record.chunks,
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput.memory", description=__doc__
    )
    parser.add_argument("--images", nargs="+", type=int, default=[500, 50_000])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/memory.json"))
    arguments = parser.parse_args()
    python = image_environment(cache_home())
    found = []
    for images in arguments.images:
        found.append(measure(images, python))
        print(found[-1], file=sys.stderr, flush=True)
    result = {
        "machine": machine(),
        "photograph": "/".join(PHOTOGRAPH),
        "command": "python -m benchmarks.throughput.memory",
        "shards": found,
        "most_over_least": round(
            max(one["peak_mb"] for one in found) / min(one["peak_mb"] for one in found), 3
        ),
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
