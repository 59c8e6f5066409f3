"""The ledger of a batch that ended, from what its shards put on record."""

from collections.abc import Callable, Sequence

from detector.costs.bill import bill, total
from detector.costs.ledger import CostLedger
from detector.costs.machines import ASSUMED, MACHINES, Machine
from detector.costs.prices import Price
from detector.costs.usage import EXPRESS_GB, EXPRESS_START, JOB_START, MACHINE_START, Usage, events
from detector.plan import BatchPlan, Lane
from detector.summary import BatchSummary, ShardRecord

# template.yaml, MaxvCpus and JobVcpus: so many machines of four vCPUs at most.
MACHINES_AT_ONCE = 8
# template.yaml, ShardTimeoutSeconds: the most that a job without a record is reckoned by.
LONGEST = 3600.0

Records = Sequence[ShardRecord | None]
# What an hour of an instance type costs on spot; None where nobody can say.
Hour = Callable[[str], Price | None]


def ledger_of(
    plan: BatchPlan,
    summary: BatchSummary,
    records: Records,
    *,
    origin: str = "",
    hour: Hour = lambda _name: None,
) -> CostLedger:
    """Return what a batch cost.

    Parameters
    ----------
    plan, summary
        The batch and what it came to.
    records
        One of each shard; None where it left none.
    origin
        ``intake`` where its images were dropped, so that each came with an event.
    hour
        Asked once for the machine that the jobs named, if any did.
    """
    express = plan.lane is Lane.EXPRESS
    there = [record for record in records if record is not None]
    machine, unknown = _machine(there, hour, express=express)
    seconds, lost = _seconds(summary, records)
    unknown += lost
    usage = Usage.around(
        chunks=sum(record.chunks for record in there) + len(records) - len(there),
        evidence=plan.evidence_images > 0,
        entries=plan.entries,
    ) + Usage(
        images=summary.counts.rows,
        gets=sum(record.gets for record in there) + 5 * len(records),
        puts=len(records),
        sqs_requests=events(plan.entries) if origin == "intake" else 0,
        **_compute(seconds, len(records), express=express),
    )
    estimated = {"start_seconds", "stored_gb", "lambda_gb_seconds", "sqs_requests"}
    if unknown:
        estimated.add("machine_seconds")
    items = bill(usage, machine, estimated=frozenset(estimated))
    return CostLedger(
        batch=plan.batch,
        run_date=plan.run_date,
        lane=plan.lane.value,
        purpose=plan.purpose,
        finished_at=summary.finished_at,
        images=summary.counts.rows,
        requests=round(usage.gets + usage.puts + usage.sqs_requests),
        gpu_seconds=0.0 if express else round(seconds, 3),
        instance="" if express else machine.name,
        instance_hour_dollars=0.0 if express else machine.spot,
        dollars=total(items),
        items=items,
        unknown=tuple(unknown),
    )


def _compute(seconds: float, shards: int, *, express: bool) -> dict[str, float]:
    if express:
        return {
            "lambda_gb_seconds": (seconds + EXPRESS_START) * EXPRESS_GB,
            "lambda_requests": 1,
        }
    return {
        "machine_seconds": seconds + JOB_START * shards,
        "start_seconds": MACHINE_START * min(shards, MACHINES_AT_ONCE),
    }


def _machine(records: list[ShardRecord], hour: Hour, *, express: bool) -> tuple[Machine, list[str]]:
    """Return the machine that most shards ran on at its price, and what is not known of it."""
    names = [record.instance for record in records]
    known = [name for name in names if name in MACHINES]
    if express:
        return MACHINES[ASSUMED], []
    if not known:
        return MACHINES[ASSUMED], [f"no shard says what it ran on: priced as {ASSUMED}"]
    chosen = max(sorted(set(known)), key=known.count)
    others = len(names) - known.count(chosen)
    said = [f"{others} shards ran on something else: priced as {chosen}"] if others else []
    price = hour(chosen)
    if price is None:
        said.append("EC2 did not say what spot asked for: a typical price was taken")
        return MACHINES[chosen], said
    return MACHINES[chosen].at(price), said


def _seconds(summary: BatchSummary, records: Records) -> tuple[float, list[str]]:
    """Return the seconds of all shards, and what is not known of them.

    A record tells of its own attempt. What earlier ones took is reckoned by the chunks that they
    left; of a shard without a record, nothing is known but how long the batch took.
    """
    seconds, said = 0.0, []
    for record in records:
        if record is None:
            seconds += min(summary.seconds, LONGEST)
            continue
        own = record.chunks - record.resumed_chunks
        seconds += record.seconds * (record.chunks / own if own > 0 else 1)
    missing = sum(record is None for record in records)
    again = sum(record is not None and record.attempt > 1 for record in records)
    if missing:
        said.append(f"{missing} shards left no record: reckoned by how long the batch took")
    if again:
        said.append(f"{again} shards were begun again: earlier attempts reckoned by their chunks")
    return seconds, said
