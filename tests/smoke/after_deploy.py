"""Whether a stack that was just deployed or updated does its work: `make smoke`.

Asks the real services, so it is not among the tests that run without an account; those run this
file against the local stack. It leaves one small folder in the intake bucket and its verdicts, and
costs less than a cent.
"""

import json
import time
from pathlib import Path

import pytest

from aidetect.batch_search import find_batch
from aidetect.client import Client
from aidetect.doctor.checks import CHECKS
from aidetect.doctor.document import Outcome
from aidetect.doctor.examine import examine
from aidetect.doctor.place import place
from aidetect.execution import describe
from aidetect.image_row import ImageRow
from aidetect.result_set import Results
from aidetect.samples import PHOTOGRAPHS
from aidetect.target import Target
from aidetect.verification.verify import verify
from detector.layout import BatchLayout
from detector.plan import Lane
from detector.verdict import Verdict
from tests.smoke.conftest import BROKEN

# A spot machine boots and pulls the image in about four minutes; capacity may take longer to find.
BULK_SECONDS = 1800
QUERY_SECONDS = 60
pytestmark = pytest.mark.timeout(BULK_SECONDS + 120)


def by_name(rows: Results) -> dict[str, ImageRow]:
    """Return the rows by the name of the file."""
    return {Path(row.key).name: row for row in rows}


def test_the_doctor_finds_nothing_broken(pytestconfig: pytest.Config) -> None:
    looked = place(pytestconfig.getoption("--on"), pytestconfig.getoption("--stack"))
    diagnosis = examine(looked, CHECKS)
    failed = [f for f in diagnosis.findings if f.outcome is Outcome.FAILED]
    assert failed == [], f"what to do: {[f.remedy for f in failed]}"


def test_every_file_dropped_has_one_row(scored: Results) -> None:
    names = sorted(Path(row.key).name for row in scored)
    assert names == sorted([*(n for names in PHOTOGRAPHS.values() for n in names), BROKEN])


def test_photographs_have_verdicts_and_a_broken_file_a_reason(scored: Results) -> None:
    found = by_name(scored)
    broken = found.pop(BROKEN)
    assert (broken.verdict, broken.probability) == (Verdict.ERROR, None)
    assert broken.reason is not None
    assert broken.detail
    for name, row in found.items():
        assert row.verdict is not Verdict.ERROR, f"{name}: {row.reason}, {row.detail}"
        assert row.probability is not None
    # These photographs are from before there was anything to generate images with.
    assert {row.verdict for row in found.values()} <= {Verdict.REAL, Verdict.UNSURE}


def test_its_batches_kept_their_promises(target: Target, scored: Results) -> None:
    for batch in scored.summary.batches:
        held = verify(target, find_batch(target, batch))
        assert held.kept, [check.name for check in held.checks if not check.kept]


def test_there_is_a_report_of_them(target: Target, scored: Results) -> None:
    for batch in scored.summary.batches:
        where = BatchLayout(target.outputs.ResultsBucket, batch).report
        with target.s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as page:
            assert b"<html" in page.read(1000)


def test_rows_of_before_are_found_again(client: Client, scored: Results) -> None:
    (batch, *_) = scored.summary.batches
    again = client.results(batch=batch)
    assert {row.image for row in again} & {row.image for row in scored}


def test_athena_reads_the_rows(target: Target, scored: Results) -> None:
    if target.is_local:
        pytest.skip("there is no Athena on one machine")
    row = next(iter(scored))
    counted = query(
        target,
        """SELECT count(*) FROM verdicts WHERE run_date = ? AND "$path" LIKE ?""",
        [f"'{row.run_date}'", f"'%/batch={row.batch}/%'"],
    )
    assert int(counted) == len([r for r in scored if r.batch == row.batch])


def test_the_job_queue_scores_alike(
    target: Target, scored: Results, pytestconfig: pytest.Config
) -> None:
    if not pytestconfig.getoption("--bulk"):
        pytest.skip("only with --bulk")
    express = by_name(scored)
    batch = score_by_job(target, express[BROKEN].image.removesuffix(BROKEN))
    held = verify(target, find_batch(target, batch))
    assert held.kept, [check.name for check in held.checks if not check.kept]
    client = Client(target)
    bulk = by_name(client.results(batch=batch))
    assert {row.lane for row in bulk.values()} == {Lane.BATCH}
    assert {n: r.reason for n, r in bulk.items()} == {n: r.reason for n, r in express.items()}
    for name, row in bulk.items():
        # Another graph of the same detector, in other precision.
        assert row.probability == pytest.approx(express[name].probability, abs=0.05), name


def query(target: Target, sql: str, values: list[str]) -> str:
    """Return the first value of the first row that Athena answers."""
    athena = target.client("athena")
    asked = athena.start_query_execution(
        QueryString=sql,
        ExecutionParameters=values,
        QueryExecutionContext={"Database": target.outputs.GlueDatabase},
        WorkGroup=target.outputs.AthenaWorkgroup,
    )["QueryExecutionId"]
    end = time.monotonic() + QUERY_SECONDS
    while True:
        status = athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]["Status"]
        if status["State"] not in {"QUEUED", "RUNNING"}:
            break
        assert time.monotonic() < end, f"the query still runs after {QUERY_SECONDS} s"
        time.sleep(1)
    assert status["State"] == "SUCCEEDED", status.get("StateChangeReason")
    # The first row names the columns.
    rows = athena.get_query_results(QueryExecutionId=asked)["ResultSet"]["Rows"]
    return str(rows[1]["Data"][0]["VarCharValue"])


def score_by_job(target: Target, prefix: str) -> str:
    """Score what lies at a prefix on the job queue, however little it is; return the batch."""
    started = target.sfn.start_execution(
        stateMachineArn=target.outputs.ScoringStateMachineArn,
        name=f"smoke-{time.time_ns()}",
        input=json.dumps({"prefix": prefix, "lane": Lane.BATCH.value}),
    )["executionArn"]
    end = time.monotonic() + BULK_SECONDS
    while True:
        execution, why = describe(target.sfn, started)
        if execution.ended:
            assert execution.status == "SUCCEEDED", why
            return execution.batch
        assert time.monotonic() < end, (
            f"not scored within {BULK_SECONDS} s; docs/troubleshooting.md, a job stays RUNNABLE"
        )
        time.sleep(2)
