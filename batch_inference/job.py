"""One shard, from its plan to its record."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from batch_inference import log
from batch_inference.budget import ByteBudget
from batch_inference.cpus import available_cpus
from batch_inference.decoder import Decoder
from batch_inference.detector_store import DetectorStore
from batch_inference.engine import Engine, choose_graph, cuda_usable, load_engine
from batch_inference.instance import instance_type
from batch_inference.judge import Judge
from batch_inference.kept_decoder import Decoders
from batch_inference.ledger import committed_chunks, read_record, write_record
from batch_inference.meter import Meter
from batch_inference.pipeline import Pipeline
from batch_inference.reader import Reader
from batch_inference.settings import Settings
from batch_inference.shard import Slice, Units, layout_of, objects_left, shard_of
from batch_inference.stop import Stop
from batch_inference.tally import count_chunks
from detector.metric import Metric, Unit, tell
from detector.package import DetectorPackage, Graph
from detector.plan import BatchPlan, Lane, Shard
from detector.stored_plan import load_plan
from detector.summary import Counts, ShardRecord
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from batch_inference.download import Downloads


def run_shard(
    plan_uri: S3Uri,
    shard: int,
    *,
    s3: "S3Client",
    graph: Graph | None,
    cache: Path,
    attempt: int = 1,
    lane: Lane | None = None,
    settings: Settings | None = None,
    stop: Stop | None = None,
    decoders: Decoders | None = None,
    downloads: "Downloads | None" = None,
) -> ShardRecord:
    """Score one shard of a batch, resuming where an earlier attempt ended.

    Parameters
    ----------
    plan_uri
        The plan, ``s3://results-bucket/batches/<batch>/plan.json``.
    shard
        Index of the shard.
    s3
        Client; its connection pool should hold ``settings.fetchers`` connections.
    graph
        Which graph to run; None for the one that fits the machine.
    cache
        Folder for downloaded detectors.
    attempt
        Number of this attempt, from 1, for the record.
    lane
        Where this runs, for the rows; None for the plan's lane.
    settings
        Bounds on concurrency and memory; None for those that fit the machine.
    stop
        Set to end early.
    decoders
        Gives the decode workers; None for new ones, which end with the shard.
    downloads
        A quicker way to whole objects than ``s3``.

    Returns
    -------
    The shard's record. Where an earlier attempt finished the shard, its record.

    Raises
    ------
    ContractError, PackageError
        The plan, manifest or detector is not usable; trying again does not help.
    ScoringError, botocore.exceptions.ClientError
        The shard cannot go on now; another attempt resumes it.
    """
    plan = load_plan(s3, plan_uri)
    chosen = shard_of(plan, shard)
    if (record := read_record(s3, plan, shard)) is not None:
        log.info("already complete", rows=record.counts.rows)
        return record
    package, engine = load_detector(plan, s3, graph, cache)
    return score_shard(
        plan,
        chosen,
        s3=s3,
        package=package,
        engine=engine,
        attempt=attempt,
        lane=lane,
        settings=settings or Settings(),
        stop=stop,
        decoders=decoders,
        downloads=downloads,
    )


def load_detector(
    plan: BatchPlan, s3: "S3Client", graph: Graph | None, cache: Path
) -> tuple[DetectorPackage, Engine]:
    """Fetch, check and load the detector that the plan pins.

    Raises
    ------
    PackageError
        If it is not there, altered, or lacks the graph.
    """
    store, cuda = DetectorStore(s3, cache), cuda_usable()
    package = store.describe(plan.detector)
    chosen = choose_graph(graph, package, cuda=cuda)
    path = store.fetch(plan.detector, package, chosen)
    sha256, lanes = package.graph(chosen).sha256, available_cpus()
    engine = load_engine(path, sha256, chosen, cuda=cuda, lanes=lanes)
    log.info("engine", provider=engine.provider, graph=chosen.value, detector=str(plan.detector))
    return package, engine


def score_shard(
    plan: BatchPlan,
    shard: Shard,
    *,
    s3: "S3Client",
    package: DetectorPackage,
    engine: Engine,
    attempt: int,
    lane: Lane | None = None,
    settings: Settings,
    stop: Stop | None = None,
    decoders: Decoders | None = None,
    downloads: "Downloads | None" = None,
) -> ShardRecord:
    """Score what a shard has not committed yet with a loaded engine, and put it on record.

    Raises
    ------
    ScoringError, botocore.exceptions.ClientError
        The shard cannot go on now; another attempt resumes it.
    """
    started, layout, meter = time.monotonic(), layout_of(plan), Meter()
    units = Units(Slice(s3, layout.manifest, shard), plan.chunk_size)
    committed = committed_chunks(s3, plan, shard)
    log.info("started", entries=shard.count, committed_chunks=len(committed))
    resumed = count_chunks(s3, plan, committed)
    reader = Reader(
        s3,
        plan.limits,
        ByteBudget(settings.held_bytes),
        meter,
        objects=objects_left(units, committed),
        downloads=downloads,
    )
    judge = Judge(plan, package.calibration, package.decision, engine.graph, lane or plan.lane)
    with (decoders or Decoder)(
        package.preprocessing, plan.limits, settings, thumbnails=plan.evidence_images > 0
    ) as decoder:
        pipeline = Pipeline(
            plan, s3, reader, decoder, engine, judge, settings, stop or Stop(settings.stop_seconds)
        )
        fresh = pipeline.run(units, committed)
    chunks = {**resumed, **fresh}
    record = ShardRecord(
        batch=plan.batch,
        shard=shard.index,
        counts=sum(chunks.values(), start=Counts()),
        chunks=len(chunks),
        resumed_chunks=len(resumed),
        bytes_read=meter.bytes_read,
        gets=meter.gets,
        seconds=round(time.monotonic() - started, 3),
        provider=engine.provider,
        graph=engine.graph.value,
        attempt=attempt,
        instance=instance_type(),
        sketch=pipeline.sketch,
    )
    record = write_record(s3, plan, record)
    log.info("complete", rows=record.counts.rows, seconds=record.seconds, chunks=record.chunks)
    tell(*metrics_of(record, fresh.values()), batch=plan.batch, shard=shard.index)
    return record


def metrics_of(record: ShardRecord, fresh: Iterable[Counts]) -> list[Metric]:
    """Return a shard's metrics: of this attempt, whose own rows are ``fresh``."""
    rows = sum(counts.rows for counts in fresh)
    metrics = [
        Metric("ShardsCompleted", 1),
        Metric("ShardsResumed", int(record.attempt > 1)),
        Metric("ShardSeconds", record.seconds, Unit.SECONDS),
    ]
    if rows and record.seconds:
        rate = round(rows / record.seconds, 3)
        metrics.append(Metric("ImagesPerSecond", rate, Unit.PER_SECOND))
    return metrics
