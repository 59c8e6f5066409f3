import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from detector.costs.ledger import CostLedger
from detector.layout import BatchLayout
from detector.manifest import write_lines
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.purpose import Purpose
from detector.summary import BatchSummary, Counts, ScoringCompleted, ShardRecord, Status
from detector.verdict import Verdict
from functions.collect import handler as module
from functions.collect.costs import keep_costs, spot_hour
from tests.unit.functions.conftest import RESULTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LAYOUT = BatchLayout(RESULTS, "b", "2026-11-23")
PLAN = BatchPlan(
    batch="b",
    run_date="2026-11-23",
    started_at="2026-11-23T00:00:00.000+00:00",
    bucket=RESULTS,
    lane=Lane.EXPRESS,
    entries=2,
    shards=(Shard(index=0, first=0, count=2, offset=38, length=90),),
    detector=DetectorRef(bucket="m", name="probe", version="1"),
)


def summary(plan: BatchPlan, now: datetime) -> BatchSummary:
    return BatchSummary(
        batch=plan.batch,
        status=Status.INCOMPLETE,
        lane=plan.lane,
        counts=Counts(rows=2, verdicts={Verdict.AI: 1, Verdict.ERROR: 1}),
        detector=str(plan.detector),
        run_date=plan.run_date,
        started_at=plan.started_at,
        finished_at=now.isoformat(),
        seconds=1.0,
        shards=1,
        manifest=str(LAYOUT.manifest),
        results=str(LAYOUT.results),
        failed_shards=(0,),
    )


def test_closing_a_batch_tells_of_it(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.plan.key, Body=PLAN.dumps().encode())
    seen: list[BatchPlan] = []

    def close_out(plan: BatchPlan, *, now: datetime, **_given: Any) -> BatchSummary:
        assert now.tzinfo is UTC
        seen.append(plan)
        return summary(plan, now)

    monkeypatch.setattr(module, "close_out", close_out)
    answer = module.handler({"plan": str(LAYOUT.plan), "batch": "b"}, context)
    assert seen == [PLAN]
    assert answer["schema"] == ScoringCompleted.SCHEMA
    assert answer["status"] == "incomplete"
    assert answer["counts"] == {"rows": 2, "verdicts": {"ai": 1, "error": 1}, "reasons": {}}
    assert answer["summary"] == f"s3://{RESULTS}/batches/b/summary.json"
    assert answer["results"] == f"s3://{RESULTS}/results/run_date=2026-11-23/batch=b/"
    assert ScoringCompleted.model_validate(answer).detector == "probe@1"
    assert answer["report"] == f"s3://{RESULTS}/batches/b/report.html"
    page = s3.get_object(Bucket=RESULTS, Key="batches/b/report.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert b"<h1><bdi>b</bdi></h1>" in page["Body"].read()


def keys(s3: "S3Client") -> list[str]:
    found = s3.list_objects_v2(Bucket=RESULTS, Prefix="batches/").get("Contents", [])
    return [item["Key"] for item in found]


def test_a_batch_is_closed_also_when_its_report_cannot_be_made(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.plan.key, Body=PLAN.dumps().encode())
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.chunk("000000000").key, Body=b"no Parquet")
    monkeypatch.setattr(module, "close_out", lambda plan, **given: summary(plan, given["now"]))

    answer = module.handler({"plan": str(LAYOUT.plan), "batch": "b"}, context)

    assert (answer["report"], answer["counts"]["rows"]) == ("", 2)
    assert keys(s3) == [LAYOUT.plan.key]


def test_a_batch_that_took_all_the_time_has_no_report(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, context: Any
) -> None:
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.plan.key, Body=PLAN.dumps().encode())
    monkeypatch.setattr(module, "close_out", lambda plan, **given: summary(plan, given["now"]))
    context.milliseconds = 30_000

    answer = module.handler({"plan": str(LAYOUT.plan), "batch": "b"}, context)

    assert answer["report"] == ""
    assert keys(s3) == [LAYOUT.plan.key]


def record(**given: Any) -> ShardRecord:
    counts = Counts(rows=2, verdicts={Verdict.AI: 1, Verdict.ERROR: 1})
    return ShardRecord(batch="b", shard=0, counts=counts, chunks=1, gets=2, seconds=1.5, **given)


def test_what_a_batch_cost_is_put_on_record_once(s3: "S3Client") -> None:
    lines = "".join(line for line in write_lines([], origin="intake"))
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.manifest.key, Body=lines.encode())
    came = summary(PLAN, datetime(2026, 11, 23, tzinfo=UTC))

    ledger = keep_costs(PLAN, came, [record()], s3=s3)
    keep_costs(PLAN, came, [record(attempt=2)], s3=s3)

    kept = s3.get_object(Bucket=RESULTS, Key="costs/run_date=2026-11-23/batch=b.json")
    assert CostLedger.parse(kept["Body"].read()) == ledger
    assert (ledger.images, ledger.lane, ledger.instance) == (2, "express", "")
    assert "upload events in SQS" in {item.name for item in ledger.items}


def test_an_hour_of_a_machine_costs_the_mean_of_its_zones() -> None:
    ec2 = boto3.client("ec2", region_name="us-east-1")
    with Stubber(ec2) as stub:
        points = [
            {"InstanceType": "g6.xlarge", "AvailabilityZone": zone, "SpotPrice": price}
            for zone, price in (("a", "0.2"), ("b", "0.4"))
        ]
        stub.add_response("describe_spot_price_history", {"SpotPriceHistory": points})
        stub.add_response("describe_spot_price_history", {"SpotPriceHistory": []})
        stub.add_client_error("describe_spot_price_history", "UnauthorizedOperation")
        price = spot_hour(ec2, "g6.xlarge")
        assert price is not None
        assert price.dollars == pytest.approx(0.3)
        assert spot_hour(ec2, "g6.xlarge") is None
        assert spot_hour(ec2, "g6.xlarge") is None


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return the lines that CloudWatch makes metrics of."""
    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line) for line in lines if '"_aws"' in line]


def test_a_batch_that_ends_is_metrics_once(
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    context: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.plan.key, Body=PLAN.dumps().encode())
    monkeypatch.setenv("AIDETECT_STACK", "mine")
    first: list[BatchSummary] = []

    def close_out(plan: BatchPlan, *, now: datetime, **_: Any) -> BatchSummary:
        first.append(summary(plan, now))
        return first[0]

    monkeypatch.setattr(module, "close_out", close_out)
    for _ in range(2):
        module.handler({"plan": str(LAYOUT.plan), "batch": "b"}, context)
    (line,) = told(capsys)
    assert {name: line[name] for name in line if name not in ("_aws", "BatchSeconds")} == {
        "batch": "b",
        "Stack": "mine",
        "BatchesCompleted": 1,
        "ImagesScored": 1,
        "ErrorRows": 1,
        "ShardsFailed": 1,
        "ErrorShare": 50.0,
        "UnsureShare": 0.0,
    }


def test_nobody_counts_what_the_watch_scores(
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    context: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    golden = PLAN.model_copy(update={"purpose": Purpose.GOLDEN})
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.plan.key, Body=golden.dumps().encode())
    monkeypatch.setenv("AIDETECT_STACK", "mine")
    monkeypatch.setattr(
        module,
        "close_out",
        lambda plan, *, now, **_: summary(plan, now).model_copy(update={"purpose": Purpose.GOLDEN}),
    )
    module.handler({"plan": str(LAYOUT.plan), "batch": "b"}, context)
    assert told(capsys) == []
