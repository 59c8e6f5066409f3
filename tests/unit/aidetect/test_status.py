"""What a stack is at, on moto."""

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from aidetect.results import Chunk
from aidetect.status import executions, waiting
from aidetect.status.document import Arrivals, Jobs, Kind
from aidetect.status.executions import Run, failed_lately, newest_of_each, state_of
from aidetect.status.look import look
from aidetect.status.scoring import INCOMPLETE, _again, entries_done
from aidetect.status.waiting import jobs
from aidetect.target import Target
from detector.costs.ledger import CostLedger
from detector.layout import BatchLayout, RunLayout
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.summary import BatchSummary, Counts
from detector.summary import Status as Outcome
from detector.training_run import Stage, StageFailure, StageRecord
from detector.uri import S3Uri
from detector.verdict import Verdict
from tests.unit.aidetect.conftest import BUCKET, a_row, put_rows
from tests.unit.aidetect.scene import a_target
from tests.unit.aidetect.test_status_view import drawn

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
DETECTOR = DetectorRef(bucket="models", name="clip", version="1")
SHARDS = (
    Shard(index=0, first=0, count=50, offset=0, length=1),
    Shard(index=1, first=50, count=30, offset=1, length=1),
)


def a_plan(batch: str) -> BatchPlan:
    return BatchPlan(
        batch=batch, run_date="2026-11-26", started_at=NOW.isoformat(), bucket=BUCKET,
        lane=Lane.BATCH, entries=80, chunk_size=20, shards=SHARDS, detector=DETECTOR,
    )  # fmt: skip


def a_summary(batch: str, errors: int = 0) -> BatchSummary:
    verdicts = {Verdict.AI: 3, Verdict.ERROR: errors}
    return BatchSummary(
        batch=batch, status=Outcome.COMPLETE, lane="express",
        counts=Counts(rows=3 + errors, verdicts=verdicts), detector="clip@1",
        run_date="2026-11-26", started_at=NOW.isoformat(), finished_at=NOW.isoformat(),
        seconds=75.0, shards=1, manifest="s3://r/m", results="s3://r/x/",
    )  # fmt: skip


def a_ledger(batch: str) -> CostLedger:
    return CostLedger(
        batch=batch, run_date="2026-11-26", lane="express", finished_at=NOW.isoformat(), images=3,
        requests=9, gpu_seconds=0.0, dollars=0.25, items=(),
    )  # fmt: skip


def put(target: Target, where: S3Uri, text: str) -> None:
    target.s3.put_object(Bucket=where.bucket, Key=where.key, Body=text.encode())


def begin(target: Target, machine: str, name: str, document: dict[str, Any] | None = None) -> str:
    arn = getattr(target.outputs, machine)
    told = json.dumps(document or {})
    return target.sfn.start_execution(stateMachineArn=arn, name=name, input=told)["executionArn"]


@pytest.fixture
def target(s3: "S3Client") -> Target:
    return a_target(s3)


def test_an_empty_stack(target: Target) -> None:
    found = look(target)
    # moto's Batch has no job queue of that name; whatever cannot be looked at is said.
    assert set(found.unseen) <= {"jobs"}
    assert (found.running, found.failures, found.batches, found.alarms) == ((), (), (), ())
    assert found.arrivals == Arrivals(waiting=0, in_flight=0)
    assert (found.dead, found.champion, found.error_share) == (0, None, None)
    assert found.advice() == ("no detector is in use: aidetect detector publish",)


def test_what_runs_and_what_waits(target: Target) -> None:
    begin(target, "ScoringStateMachineArn", "b1")
    begin(target, "ScoringStateMachineArn", "b2")
    begin(target, "TrainingStateMachineArn", "train-20261125-101500-ab12cd-101600")
    layout = BatchLayout(BUCKET, "b1", "2026-11-26")
    put(target, layout.plan, a_plan("b1").dumps())
    put_rows(target.s3, layout, "000000000", [a_row("a")])
    put_rows(target.s3, layout, "000000040", [a_row("b")])
    run = RunLayout("training", "train-20261125-101500-ab12cd")
    done = StageRecord(run=run.run, stage=Stage.PREPARE, finished_at="x", seconds=1)
    put(target, run.stage("prepare"), done.dumps())
    progress = {"what": "steps", "done": 3, "total": 9}
    put(target, run.root.join("stages", "train-progress.json"), json.dumps(progress))
    target.sqs.send_message(QueueUrl=target.outputs.ArrivalsQueueUrl, MessageBody="x")
    target.sqs.send_message(QueueUrl=target.outputs.ArrivalsDlqUrl, MessageBody="x")
    target.ssm.put_parameter(Name="/aidetect/champion", Value="clip@1", Type="String")
    found = look(target)
    running = {run.name: run for run in found.running}
    assert (running["b1"].done, running["b1"].total) == (30, 80)
    assert (running["b2"].done, running["b2"].total) == (None, None)
    trained = running["train-20261125-101500-ab12cd"]
    assert (trained.kind, trained.stage, trained.done, trained.total) == (
        Kind.TRAINING, "train: steps", 3, 9,
    )  # fmt: skip
    assert found.arrivals is not None
    assert (found.arrivals.waiting, found.dead, found.champion) == (1, 1, "clip@1")
    assert found.advice() == ("1 upload events were given up: aidetect redrive",)


def test_what_failed_and_what_to_do(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(target, "ScoringStateMachineArn", "b1", {"prefix": "s3://x/y/"})
    begin(target, "TrainingStateMachineArn", "t1")
    # moto knows no way for an execution to fail by itself.
    monkeypatch.setattr(executions, "FAILED", frozenset({"ABORTED"}))
    monkeypatch.setattr(
        "aidetect.status.scoring.list_runs", lambda s, m, _="": executions.list_runs(s, m)
    )
    for machine in ("ScoringStateMachineArn", "TrainingStateMachineArn"):
        for run in executions.list_runs(target.sfn, getattr(target.outputs, machine)):
            target.sfn.stop_execution(executionArn=run.arn, error="Bad", cause="it is")
    failure = StageFailure(run="t1", stage=Stage.TRAIN, failed_at="x", error="E", message="no GPU")
    put(target, RunLayout("training", "t1").failure("prepare"), failure.dumps())
    found = {failure.name: failure for failure in look(target).failures}
    assert found["b1"].next == "aidetect score s3://x/y/"
    assert (found["t1"].why, found["t1"].next) == ("train: no GPU", "aidetect train --resume t1")


def test_the_last_batches(target: Target) -> None:
    for name, errors in (("b1", 0), ("b2", 1), ("none", 0)):
        arn = begin(target, "ScoringStateMachineArn", name)
        target.sfn.stop_execution(executionArn=arn)
        if name != "none":
            put(target, BatchLayout(BUCKET, name).summary, a_summary(name, errors).dumps())
    put(target, BatchLayout(BUCKET, "b1", "2026-11-26").costs, a_ledger("b1").dumps())
    found = look(target)
    assert {batch.batch: batch.dollars for batch in found.batches} == {"b1": 0.25, "b2": None}
    assert found.error_share == pytest.approx(1 / 7)


def test_what_may_not_be_seen_is_said_and_the_rest_is_shown(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object) -> None:
        text = "u is not authorized to perform: sqs:GetQueueAttributes on resource: q"
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": text}}, "G")

    monkeypatch.setattr(waiting, "dead", denied)
    begin(target, "ScoringStateMachineArn", "b1")
    found = look(target)
    assert found.unseen["dead letters"] == "this identity may not sqs:GetQueueAttributes"
    assert found.dead is None
    assert [run.name for run in found.running] == ["b1"]
    assert "dead letters could not be looked at" in drawn(found)


def test_a_damaged_plan_hides_nothing_else(target: Target) -> None:
    begin(target, "ScoringStateMachineArn", "b1")
    put(target, BatchLayout(BUCKET, "b1").plan, "{")
    found = look(target)
    assert "plan.json" in found.unseen["running batches"]
    assert found.arrivals is not None


def chunk(name: str) -> Chunk:
    return Chunk(S3Uri(BUCKET, f"results/x/part-{name}.parquet"), "d", "b")


def test_entries_are_counted_by_names() -> None:
    plan = a_plan("b")
    assert entries_done(plan, []) == 0
    assert entries_done(plan, [chunk("000000000"), chunk("000000040"), chunk("000000050")]) == 50
    archive = [chunk("000000070-00000"), chunk("000000070-00001"), chunk("strange")]
    assert entries_done(plan, archive) == 0
    assert entries_done(plan, [*archive, chunk("000000070-end")]) == 1
    assert entries_done(plan, [chunk("000000999")]) == 0
    every = [chunk(f"{first:09d}") for first in (0, 20, 40, 50, 70)]
    assert entries_done(plan, every * 2) == 80


def a_run(name: str, status: str, minutes: int, ended: bool = True) -> Run:
    at = NOW - timedelta(minutes=minutes)
    return Run(name, name, status, at, at if ended else None)


def test_a_run_that_was_resumed_is_not_failed() -> None:
    run = "train-20261125-101500-ab12cd"
    first, again = a_run(run, "FAILED", 50), a_run(f"{run}-101600", "RUNNING", 5, ended=False)
    old = a_run("b9", "FAILED", 60 * 24 * 8)
    assert [r.subject for r in newest_of_each([first, again])] == [run]
    assert failed_lately([first, again, old, a_run("b1", "SUCCEEDED", 1)], NOW) == []
    assert failed_lately([first, old], NOW) == [first]


def test_what_was_never_closed_is_redriven() -> None:
    again = "put right what failed, then aidetect redrive"
    assert _again("BatchNotPlanned", '{"batch": "b", "manifest": "m"}', "intake") == again
    assert _again("BatchNotPlanned", '{"prefix": "s3://a/b"}', "i") == "aidetect score s3://a/b"


def test_how_to_go_on_after_input_nobody_can_read() -> None:
    assert _again(INCOMPLETE, '{"prefix": "s3://a/b"}', "intake") == "aidetect score s3://a/b"
    for text in ("", "{", "[]", '{"prefix": 3}', '{"batch": "b", "manifest": "m"}'):
        assert "aidetect score s3://intake/" in _again(INCOMPLETE, text, "intake")


def test_the_state_is_the_newest_that_was_entered() -> None:
    class Sfn:
        def get_execution_history(self, **asked: object) -> dict[str, Any]:
            assert asked["reverseOrder"] is True
            entered = {"stateEnteredEventDetails": {"name": "Collect"}}
            older = {"stateEnteredEventDetails": {"name": "Plan"}}
            return {"events": [{"type": "TaskScheduled"}, entered, older]}

    assert state_of(Sfn(), "arn") == "Collect"  # type: ignore[arg-type]


class Batch:
    """AWS Batch as it answers: an array job is one entry, its children are counted in it."""

    def list_jobs(self, *, jobQueue: str, jobStatus: str, maxResults: int) -> dict[str, Any]:  # noqa: N803
        assert maxResults <= 100
        if jobStatus == "PENDING" and jobQueue == "gpu":
            parent = {"jobId": "p", "arrayProperties": {"size": 9}}
            return {"jobSummaryList": [parent, {"jobId": "q"}], "nextToken": "t"}
        if jobStatus == "RUNNING" and jobQueue == "cpu":
            return {"jobSummaryList": [{"jobId": "r"}]}
        return {"jobSummaryList": []}

    def describe_jobs(self, *, jobs: list[str]) -> dict[str, Any]:
        assert jobs == ["p"]
        counts = {"RUNNING": 4, "RUNNABLE": 3, "SUCCEEDED": 2}
        return {"jobs": [{"arrayProperties": {"statusSummary": counts}}]}


def test_children_of_array_jobs_are_counted(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = target.outputs.model_copy(update={"JobQueueArn": "gpu", "CpuJobQueueArn": "cpu"})
    monkeypatch.setattr(Target, "client", lambda *_: Batch())
    object.__setattr__(target, "outputs", outputs)
    assert jobs(target) == Jobs(waiting=4, running=5, more=True)
