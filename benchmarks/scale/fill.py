"""What ten thousand children leave behind, written by the scorer's own code without decoding."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from batch_inference.decoding import Decoded, Facts
from batch_inference.evidence import Rank, Selection, evidence_of, most_of_chunk, rank_of
from batch_inference.judge import Judge
from batch_inference.ledger import read_record, write_record
from batch_inference.shard import Slice, Units, layout_of
from batch_inference.sketching import Sketcher
from batch_inference.writer import commit, keep_evidence
from detector.package import DetectorPackage, Graph
from detector.plan import BatchPlan, Shard
from detector.row import ResultRow
from detector.sketch import Sketch
from detector.summary import Counts, ShardRecord

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# 192 by 128 pixels, as a photograph's thumbnail has; one for all, its content does not count.
THUMBNAIL = np.random.default_rng(0).integers(0, 256, (128, 192, 3), np.uint8)
HEAT: npt.NDArray[np.float32] = np.linspace(-1, 1, 196, dtype=np.float32).reshape(14, 14)
# Made once: encoding it for each image would be most of the time.
EVIDENCE = evidence_of("", Decoded(Facts(), thumbnail=THUMBNAIL), HEAT)
FACTS = Facts(bytes=250_000, sha256="0" * 64, format="JPEG", width=1200, height=850)


def fill(plan: BatchPlan, package: DetectorPackage, s3: "S3Client") -> int:
    """Commit the chunks and the record of every shard that has none; return how many it did."""
    judge = Judge(plan, package.calibration, package.decision, Graph.FP32, plan.lane)
    done = 0
    for shard in plan.shards:
        if read_record(s3, plan, shard.index) is None:
            _shard(plan, shard, judge, s3)
            done += 1
    return done


def _shard(plan: BatchPlan, shard: Shard, judge: Judge, s3: "S3Client") -> None:
    layout, counts, chunks = layout_of(plan), Counts(), 0
    for unit in Units(Slice(s3, layout.manifest, shard), plan.chunk_size):
        logits = np.random.default_rng(unit.first).normal(0, 2, len(unit.sources))
        rows = [
            judge.score(source, FACTS, logit)
            for source, logit in zip(unit.sources, logits.tolist(), strict=True)
        ]
        evidence = Selection(most_of_chunk(plan))
        for row, rank in _wanted(rows, judge, evidence):
            evidence.add(rank, replace(EVIDENCE, image=row.image))
        keep_evidence(s3, layout.evidence(unit.name), evidence.take())
        counts += commit(s3, layout.chunk(unit.name), rows)
        chunks += 1
    record = ShardRecord(
        batch=plan.batch,
        shard=shard.index,
        counts=counts,
        chunks=chunks,
        gets=shard.count,
        bytes_read=250_000 * shard.count,
        seconds=shard.count / 200,
        provider="CUDAExecutionProvider",
        graph=Graph.FP16.value,
        instance="g6.xlarge",
        sketch=_sketch(shard, judge),
    )
    write_record(s3, plan, record)


def _wanted(
    rows: list[ResultRow], judge: Judge, evidence: Selection
) -> Iterator[tuple[ResultRow, Rank]]:
    for row in rows:
        rank = rank_of(row, judge.decision)
        if evidence.wants(rank):
            yield row, rank


def _sketch(shard: Shard, judge: Judge) -> Sketch:
    empty = Sketcher(judge.calibration).sketch
    return empty.model_copy(update={"images": shard.count})
