"""Batches: how far those that run are, what the last ones came to, and which failed."""

import shlex
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from aidetect.costs.ledgers import read_ledger
from aidetect.execution import summary, why_ended
from aidetect.results import Chunk, chunks
from aidetect.status.document import Ended, Failure, Kind, Running
from aidetect.status.executions import Run, failed_lately, list_runs, newest_of_each, state_of
from aidetect.target import Target
from detector.json_text import read_json
from detector.layout import BatchLayout
from detector.plan import BatchPlan
from detector.stored_plan import load_plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MOST_RUNNING = 10
MOST_FAILURES = 5
LAST = 8
# Chunks listed of one batch: three pages of S3, and three million images at a thousand a chunk.
MOST_CHUNKS = 3000
# What the states of statemachines/scoring.asl.yaml are for a person.
STAGES = {
    "Plan": "plan",
    "Lane": "plan",
    "Express": "score (express)",
    "ScoreShard": "score (batch)",
    "ScoreShards": "score (batch)",
    "Collect": "collect",
    "TellEventBus": "tell",
    "TellTopic": "tell",
}

# Every image has its row, some the reason not_scored: the batch is closed, and needs a new one.
INCOMPLETE = "BatchIncomplete"


def entries_done(plan: BatchPlan, found: Iterable[Chunk]) -> int:
    """Return of how many manifest entries the rows are committed, by the chunks' names alone.

    A chunk is named by its first entry and holds up to ``chunk_size`` of them, within its shard; an
    archive is one entry, done with its chunk ``-end``. Rows that lie before an archive may be
    counted for a few entries too many.
    """
    ends = sorted(shard.first + shard.count for shard in plan.shards)
    done = 0
    for chunk in found:
        first, _, rest = chunk.name.partition("-")
        if not first.isdigit():
            continue
        if rest:
            done += rest == "end"
            continue
        end = next((end for end in ends if end > int(first)), int(first))
        done += min(plan.chunk_size, end - int(first))
    return min(done, plan.entries)


def _progress(s3: "S3Client", bucket: str, batch: str) -> tuple[int | None, int | None]:
    try:
        plan = load_plan(s3, BatchLayout(bucket, batch).plan)
    except s3.exceptions.NoSuchKey:
        return None, None
    layout = BatchLayout(plan.bucket, plan.batch, plan.run_date, plan.purpose)
    found = islice(chunks(s3, layout.results), MOST_CHUNKS)
    return entries_done(plan, found), plan.entries


def running(target: Target) -> tuple[Running, ...]:
    """Return the batches that run, the newest first, at most :data:`MOST_RUNNING`."""
    runs = list_runs(target.sfn, target.outputs.ScoringStateMachineArn, "RUNNING")
    told = []
    for run in runs[:MOST_RUNNING]:
        state = state_of(target.sfn, run.arn)
        done, total = _progress(target.s3, target.outputs.ResultsBucket, run.subject)
        told.append(
            Running(
                kind=Kind.SCORING,
                name=run.subject,
                started_at=run.started_at,
                stage=STAGES.get(state, state or "begin"),
                done=done,
                total=total,
            )
        )
    return tuple(told)


def last_batches(target: Target) -> tuple[Ended, ...]:
    """Return what the last batches came to, the newest first, at most :data:`LAST`."""
    runs = list_runs(target.sfn, target.outputs.ScoringStateMachineArn)
    ended = [run for run in newest_of_each(runs) if run.ended_at is not None][:LAST]
    with ThreadPoolExecutor(LAST, thread_name_prefix="batches") as readers:
        found = list(readers.map(lambda run: _came_to(target, run.subject), ended))
    return tuple(came for came in found if came is not None)


def _came_to(target: Target, batch: str) -> Ended | None:
    bucket = target.outputs.ResultsBucket
    came = summary(target.s3, bucket, batch)
    if came is None:
        return None
    costs = read_ledger(target.s3, bucket, came)
    return Ended(
        batch=came.batch,
        status=came.status.value,
        finished_at=came.finished_at,
        rows=came.counts.rows,
        verdicts={verdict.value: n for verdict, n in came.counts.verdicts.items()},
        seconds=came.seconds,
        lane=came.lane,
        detector=came.detector,
        dollars=costs.dollars if costs else None,
    )


def failures(target: Target, now: datetime) -> tuple[Failure, ...]:
    """Return the batches that failed lately, at most :data:`MOST_FAILURES`."""
    machine = target.outputs.ScoringStateMachineArn
    runs = [
        run for status in ("FAILED", "TIMED_OUT") for run in list_runs(target.sfn, machine, status)
    ]
    return tuple(_failure(target, run) for run in failed_lately(runs, now)[:MOST_FAILURES])


def _failure(target: Target, run: Run) -> Failure:
    found = target.sfn.describe_execution(executionArn=run.arn)
    return Failure(
        kind=Kind.SCORING,
        name=run.subject,
        at=run.ended_at or run.started_at,
        why=why_ended(found) or run.status,
        next=_again(found.get("error", ""), found.get("input", ""), target.outputs.IntakeBucket),
    )


def _again(error: str, started_with: str, intake: str) -> str:
    try:
        asked = read_json(started_with)
    except ValueError:
        asked = None
    if isinstance(asked, dict) and isinstance(asked.get("prefix"), str):
        return f"aidetect score {shlex.quote(asked['prefix'])}"
    if error != INCOMPLETE:
        return "put right what failed, then aidetect redrive"
    return f"put right what failed, then aidetect score s3://{intake}/intake/… (where they lie)"
