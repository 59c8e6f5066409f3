"""Measure the whole job without the model: what a machine's processors can feed a GPU with.

python -m benchmarks.throughput.feed [--copies 8] [--rounds 3] [--out benchmarks/feed.json]

One shard of JPEGs from this machine's own S3: fetched, decoded by isolated workers, hashed, looked
through for provenance, rows and evidence committed. In place of the encoder stands a graph that
takes means. Each is run with one copy of the photographs and with several; what more images take
more is the rate, so that the start of the workers does not count.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil

from batch_inference.decoder import Decoder
from batch_inference.download import Downloads
from batch_inference.engine import Engine
from batch_inference.fork_server import ForkServer
from batch_inference.heap import tame_heap
from batch_inference.job import load_detector, score_shard
from batch_inference.settings import Settings
from benchmarks.machine import machine
from benchmarks.s3_server import LocalS3, local_s3
from benchmarks.throughput.batch import plan, publish, upload
from benchmarks.throughput.memory_watch import tree_seconds
from benchmarks.throughput.photograph import files_in, mix_of, write
from detector.cache import cache_home
from detector.manifest import ManifestEntry
from detector.package import DetectorPackage, Preprocessing
from detector.plan import DetectorRef
from tests.unit.batch_inference.support import tiny_package

IMAGES = 192
PACKAGES = ("boto3", "cykooz-resizer", "numpy", "obstore", "pillow", "pyarrow")


class Feed:
    """The job, with a graph that takes means; its workers are of ``forked``."""

    def __init__(self, storage: LocalS3, folder: Path, server: ForkServer) -> None:
        self.forked = psutil.Process(server.pid)
        self._decoders = partial(Decoder, server=server)
        self._settings = Settings()
        self._s3 = storage.client(self._settings.fetchers + 8)
        self._downloads = Downloads(storage.session(), self._s3)
        package = tiny_package(folder / "detector").model_copy(
            update={"preprocessing": Preprocessing(resizer="simd")}
        )
        (folder / "detector" / "detector.json").write_text(package.dumps())
        self._ref: DetectorRef = publish(self._s3, folder / "detector", package)
        self._cache = folder / "cache"
        self._loaded: tuple[DetectorPackage, Engine] | None = None

    def seconds(self, entries: list[ManifestEntry], name: str) -> float:
        """Score all as one shard, and return how long it took."""
        batch = plan(self._s3, entries, self._ref, name)
        self._loaded = self._loaded or load_detector(batch, self._s3, None, self._cache)
        package, engine = self._loaded
        begun = time.perf_counter()
        record = score_shard(
            batch,
            batch.shards[0],
            s3=self._s3,
            package=package,
            engine=engine,
            attempt=1,
            settings=self._settings,
            decoders=self._decoders,
            downloads=self._downloads,
        )
        if record.counts.rows != len(entries) or record.counts.reasons:
            raise SystemExit(f"{record.counts} of {len(entries)} images: this is no measurement")
        return time.perf_counter() - begun


def measure(feed: Feed, entries: list[ManifestEntry], few: int, name: str) -> dict[str, float]:
    """Score ``few`` of the entries and then all; return the rate of the rest, and their costs."""
    short = feed.seconds(entries[:few], f"{name}-few")
    me, before = psutil.Process().cpu_times(), tree_seconds(feed.forked)
    long = feed.seconds(entries, f"{name}-all")
    mine, workers = psutil.Process().cpu_times(), tree_seconds(feed.forked) - before
    job = mine.user + mine.system - me.user - me.system
    return {
        "images_a_second": round((len(entries) - few) / (long - short), 1),
        "job_ms": round(1000 * job / len(entries), 2),
        "workers_ms": round(1000 * workers / len(entries), 2),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput.feed", description=__doc__
    )
    parser.add_argument("--copies", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/feed.json"))
    arguments = parser.parse_args()
    tame_heap()
    paths = [path for path in files_in(write(IMAGES, cache_home())) if path.suffix == ".jpg"]
    runs = []
    with (
        ForkServer() as server,
        tempfile.TemporaryDirectory() as temporary,
        local_s3(Path(temporary) / "s3") as storage,
    ):
        entries = upload(storage.client(), paths, arguments.copies)
        feed = Feed(storage, Path(temporary), server)
        feed.seconds(entries[:8], "warm")
        for number in range(arguments.rounds):
            runs.append(measure(feed, entries, len(paths), f"round-{number}"))
            print(f"round {number}: {runs[-1]}", file=sys.stderr, flush=True)
    result = {
        "machine": machine(),
        "versions": {name: version(name) for name in PACKAGES},
        "command": "python -m benchmarks.throughput.feed",
        "photographs": asdict(mix_of(paths)),
        "runs": runs,
        "median": {field: statistics.median(one[field] for one in runs) for field in runs[0]},
    }
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["median"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
