"""Verifies a batch by what lies in S3: its manifest, plan, result rows and summary."""

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from aidetect.execution import RUNNING
from aidetect.results import Chunk, read_table
from aidetect.target import Target
from aidetect.verification.document import Verification
from aidetect.verification.entries import COLUMNS, Entries
from aidetect.verification.tally import Tally
from batch_inference.ledger import list_keys
from batch_inference.shard import Slice, Unit, Units, layout_of
from detector.layout import BatchLayout
from detector.plan import BatchPlan
from detector.stored_plan import load_plan
from detector.summary import BatchSummary

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Progress = Callable[[int, int], None]
FORGOTTEN = "forgotten"


def verify(
    target: Target,
    summary: BatchSummary,
    progress: Progress = lambda _done, _total: None,
) -> Verification:
    """Hold a batch that has ended against its promises.

    Every result object is read once, and the manifest once. Memory is that of the largest chunk and
    shard, and eight bytes an entry.

    Parameters
    ----------
    target
        The stack.
    summary
        The batch's summary.
    progress
        Told of (entries of the manifest looked at, in all).

    Raises
    ------
    detector.contract.ContractError
        If the plan or the manifest is damaged.
    botocore.exceptions.ClientError
        If something cannot be read.
    """
    s3 = target.s3
    plan = load_plan(s3, BatchLayout(target.outputs.ResultsBucket, summary.batch).plan)
    layout, tally = layout_of(plan), Tally()
    entries = Entries(plan.entries, str(plan.detector), tally)
    chunks, done = list_keys(s3, layout.results, ""), 0
    waiting, seen = next(chunks, None), 0
    for unit in _units(s3, plan):
        expected, name = _names(unit), ""
        # Chunks come in the order of their names, which is that of their entries.
        while waiting is not None and waiting < _end(layout, unit):
            name = next(expected, "")
            if layout.chunk(name).key != waiting and unit.archive:
                name = unit.end_name
            if layout.chunk(name).key == waiting:
                chunk = Chunk(layout.chunk(name), layout.run_date, layout.batch)
                entries.take(read_table(s3, chunk, COLUMNS), unit)
            else:
                tally.breaks("chunks", waiting)
            waiting, seen = next(chunks, None), seen + 1
        if unit.archive and name != unit.end_name:
            tally.breaks("chunks", f"{layout.chunk(unit.end_name).key} is missing")
        entries.close(unit)
        done += len(unit.sources)
        progress(done, plan.entries)
    while waiting is not None:
        tally.breaks("chunks", waiting)
        waiting, seen = next(chunks, None), seen + 1
    _summary(summary, entries, tally)
    execution = _execution(target, summary.batch)
    if execution == RUNNING:
        tally.breaks("ended", target.outputs.execution_arn(summary.batch))
    return Verification(
        batch=summary.batch,
        detector=str(plan.detector),
        execution=execution,
        objects=plan.entries,
        rows=entries.rows,
        chunks=seen,
        verdicts=dict(sorted(entries.verdicts.items())),
        checks=tally.checks(),
    )


def _units(s3: "S3Client", plan: BatchPlan) -> Iterator[Unit]:
    manifest = layout_of(plan).manifest
    for shard in plan.shards:
        yield from Units(Slice(s3, manifest, shard), plan.chunk_size)


def _names(unit: Unit) -> Iterator[str]:
    """Yield the names of a unit's chunks: one, or an archive's full ones, before its last."""
    if not unit.archive:
        yield unit.name
        return
    for sequence in itertools.count():
        yield unit.part_name(sequence)


def _end(layout: BatchLayout, unit: Unit) -> str:
    """Return the key before which all of a unit's chunks sort: "." comes before "/"."""
    return layout.results.key + f"part-{unit.name}/"


def _summary(summary: BatchSummary, entries: Entries, tally: Tally) -> None:
    counts = summary.counts
    said = {
        "rows": counts.rows,
        **{verdict.value: number for verdict, number in counts.verdicts.items() if number},
        **{reason.value: number for reason, number in counts.reasons.items() if number},
    }
    found = {"rows": entries.rows, **entries.verdicts, **entries.reasons}
    for name in sorted({*said, *found}):
        if said.get(name, 0) != found.get(name, 0):
            tally.breaks("summary", f"{name}: {said.get(name, 0)}, rows say {found.get(name, 0)}")


def _execution(target: Target, batch: str) -> str:
    states = target.sfn
    try:
        found = states.describe_execution(executionArn=target.outputs.execution_arn(batch))
    except states.exceptions.ExecutionDoesNotExist:
        # Step Functions keeps executions for 90 days.
        return FORGOTTEN
    return found["status"]
