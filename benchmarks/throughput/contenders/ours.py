"""Our job, run on a batch in a local S3; before and after it the very same graph by itself.

Its time is that of a whole shard: listing, fetching over HTTP, decoding in worker processes under
limits, hashes, provenance, thumbnails, heat maps, verdicts, rows committed as Parquet.
"""

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
from stopwatch import Job, milliseconds, read_job, start, stop, tell

from batch_inference.budget import ByteBudget
from batch_inference.decoder import Decoder
from batch_inference.download import Downloads
from batch_inference.engine import Engine
from batch_inference.fork_server import ForkServer
from batch_inference.heap import tame_heap
from batch_inference.job import load_detector, score_shard
from batch_inference.judge import Judge
from batch_inference.meter import Meter
from batch_inference.reader import Reader
from batch_inference.settings import Settings
from batch_inference.shard import Slice, layout_of
from batch_inference.writer import commit
from benchmarks.s3_server import LocalS3, local_s3
from benchmarks.throughput.batch import plan, publish, upload
from benchmarks.throughput.memory_watch import tree_seconds
from detector.package import DetectorPackage
from detector.plan import BatchPlan, DetectorRef
from detector.preprocess import Pixels
from training import embedded

# Images that the graph alone scores, before the job and after it.
ALONE = 64


def processor_ms(process: psutil.Process, images: int) -> float:
    """Return a process's processor time an image so far, in milliseconds."""
    times = process.cpu_times()
    return float((times.user + times.system) * 1000 / images)


def alone(engine: Engine, pixels: list[Pixels]) -> float:
    """Return the images a second of the graph by itself, all its lanes fed from memory."""
    size = engine.batch_size
    stacked = [np.stack(pixels[at : at + size]) for at in range(0, len(pixels), size)]
    with ThreadPoolExecutor(engine.lanes) as lanes:
        begun = time.perf_counter()
        list(lanes.map(engine.run, stacked))
        return len(pixels) / (time.perf_counter() - begun)


class Bench:
    """One batch of the photographs, and what is measured of it."""

    def __init__(self, job: Job, storage: LocalS3, cache: Path, server: ForkServer) -> None:
        self._storage = storage
        self._server = server
        self._decoders = partial(Decoder, server=server)
        self._s3 = storage.client(Settings().fetchers + 8)
        self._downloads = Downloads(storage.session(), self._s3)
        self._settings = Settings()
        folder = embedded.build()
        described = DetectorPackage.parse((folder / "detector.json").read_bytes())
        self._ref: DetectorRef = publish(self._s3, folder, described)
        self._entries = upload(self._s3, job.photographs)
        self._package, self.engine = load_detector(
            self._plan("warm", few=True), self._s3, None, cache
        )
        self._score(self._plan("warm", few=True))
        self._pixels = self._decoded()

    def _plan(self, batch: str, *, few: bool = False) -> BatchPlan:
        entries = self._entries[:8] if few else self._entries
        return plan(self._s3, entries, self._ref, batch)

    def _score(self, batch: BatchPlan) -> None:
        score_shard(
            batch,
            batch.shards[0],
            s3=self._s3,
            package=self._package,
            engine=self.engine,
            attempt=1,
            settings=self._settings,
            decoders=self._decoders,
            downloads=self._downloads,
        )

    def _decoded(self) -> list[Pixels]:
        reader = self._reader()
        with self._decoder() as decoder:
            outcomes = [
                decoder.decode(reader.fetch(entry)).pixels for entry in self._entries[:ALONE]
            ]
        return [pixels for pixels in outcomes if pixels is not None]

    def _reader(self) -> Reader:
        limits = self._plan("warm", few=True).limits
        return Reader(self._s3, limits, ByteBudget(1 << 40), Meter(), downloads=self._downloads)

    def _decoder(self) -> Decoder:
        limits = self._plan("warm", few=True).limits
        return self._decoders(self._package.preprocessing, limits, self._settings, thumbnails=True)

    def run(self) -> tuple[float, dict[str, float], list[float]]:
        """Return the job's seconds, processor ms an image by part, and rates of the graph alone."""
        rates = [alone(self.engine, self._pixels)]
        batch, count = self._plan("timed"), len(self._entries)
        me, them = psutil.Process(), psutil.Process(self._storage.pid)
        forked = psutil.Process(self._server.pid)
        before, served = processor_ms(me, count), processor_ms(them, count)
        workers = tree_seconds(forked)
        begun = start()
        self._score(batch)
        seconds = stop(begun)
        spent = {
            "engine and rows": processor_ms(me, count) - before,
            "decode workers": (tree_seconds(forked) - workers) * 1000 / count,
            "storage": processor_ms(them, count) - served,
        }
        rates.append(alone(self.engine, self._pixels))
        return seconds, {name: round(value, 2) for name, value in spent.items()}, rates

    def stages(self) -> dict[str, float]:
        """Return the wall milliseconds an image of each stage by itself, one at a time."""
        few = self._entries[:32]
        reader, batch = self._reader(), self._plan("stages")
        fetched = [reader.fetch(entry) for entry in few]
        manifest = layout_of(batch).manifest
        sources = list(islice(Slice(self._s3, manifest, batch.shards[0]), len(few)))
        calibration, decision = self._package.calibration, self._package.decision
        judge = Judge(batch, calibration, decision, self.engine.graph, batch.lane)
        with self._decoder() as decoder:
            decoder.decode(fetched[0])
            outcomes = [decoder.decode(data) for data in fetched]
            decoding = milliseconds(lambda: [decoder.decode(data) for data in fetched], len(few))
        rows = [
            judge.score(source, found.facts, 0.0)
            for source, found in zip(sources, outcomes, strict=True)
        ]
        where = layout_of(batch).chunk("000000000")
        return {
            "fetch": milliseconds(lambda: [reader.fetch(entry) for entry in few], len(few)),
            "decode and prepare": decoding,
            "infer": 1000 / alone(self.engine, self._pixels),
            "write": milliseconds(lambda: commit(self._s3, where, rows), len(few)),
        }


def main() -> None:
    """Score everything, and tell."""
    tame_heap()  # as the job's own command does
    job = read_job()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # A server of workers begins with the process, as the job's own command has it.
        with ForkServer() as server, local_s3(folder / "s3") as storage:
            bench = Bench(job, storage, folder / "cache", server)
            seconds, spent, rates = bench.run()
            stages = bench.stages()
    engine = bench.engine
    tell(
        images=len(job.photographs),
        seconds=seconds,
        stages=stages,
        packages=("onnxruntime", "pillow", "numpy", "boto3", "pyarrow"),
        settings=f"defaults: {engine.graph.value} graph, {engine.lanes} batches of "
        f"{engine.batch_size} at once, one thread each",
        model_only=round(statistics.mean(rates), 3),
        processor_ms=spent,
    )


main()
