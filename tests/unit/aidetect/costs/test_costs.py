"""``aidetect costs``: estimate, actual, cheapest, stop and resume."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from typer.testing import CliRunner

from aidetect import costs_command
from aidetect.costs import actual_command, cheapest_command
from aidetect.costs.fleets import NoFleetsError, stopped, turn
from aidetect.costs.ledgers import by_day, read_ledgers
from aidetect.costs.spot import NoSpotPriceError, fits, offers
from aidetect.main import app
from aidetect.target import Target
from detector.costs.estimate import Job
from detector.costs.ledger import CostLedger
from detector.costs.machines import MACHINES
from detector.costs.spot import spot_prices
from detector.costs.throughput import encoder_of
from detector.layout import BatchLayout
from tests.unit.aidetect.conftest import BUCKET
from tests.unit.aidetect.scene import a_target

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
JOB = Job(1000, 300_000, encoder_of("ViT-B/16"), MACHINES["g6.xlarge"])


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["costs", *arguments], env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.stdout


def keep(s3: "S3Client", batch: str, day: str, dollars: float, **given: Any) -> None:
    ledger = CostLedger(
        batch=batch, run_date=day, lane="batch", finished_at=f"{day}T01:00:00+00:00", images=500,
        requests=9, gpu_seconds=60.0, dollars=dollars, items=(), **given,
    )  # fmt: skip
    where = BatchLayout(BUCKET, batch, day).costs
    s3.put_object(Bucket=BUCKET, Key=where.key, Body=ledger.dumps().encode())


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    keep(s3, "a", "2026-11-24", 0.5)
    keep(s3, "b", "2026-11-25", 0.25, unknown=("something",))
    keep(s3, "c", "2026-11-25", 0.25)
    found = a_target(s3)
    for module in (actual_command, costs_command):
        monkeypatch.setattr(module, "resolve", lambda *_: found)
    return found


def test_what_days_and_batches_came_to(target: Target) -> None:
    days = by_day(read_ledgers(target.s3, BUCKET))
    assert [(day, spent.batches, spent.dollars) for day, spent in days.items()] == [
        ("2026-11-24", 1, 0.5),
        ("2026-11-25", 2, 0.5),
    ]
    assert days["2026-11-25"].per_thousand == pytest.approx(0.5)
    assert [x.batch for x in read_ledgers(target.s3, BUCKET, "2026-11-25")] == ["b", "c"]
    shown = run("actual", "--since", "2026-11-01")
    assert "$1.0000 for 3 batches; something assumed in 1 of them." in shown
    assert "~$0.2500" in run("actual", "--since", "2026-11-01", "--batches")
    document = json.loads(run("actual", "--since", "2026-11-25", "--json"))
    assert document["total"]["dollars"] == 0.5
    assert "No batch since 2027-01-01" in run("actual", "--since", "2027-01-01")


def test_an_estimate_names_its_sources_and_compares() -> None:
    shown = run("estimate", "--images", "1000000", "--encoder", "ViT-L/14")
    assert "https://aws.amazon.com/s3/pricing/" in shown
    assert "8 x g6.xlarge" in shown
    assert "https://aws.amazon.com/rekognition/pricing/" in shown
    document = json.loads(run("estimate", "--images", "10", "--json"))
    assert document["machines"] == 0
    assert document["break_even_images"] > 32
    assert set(document["by_arrival"]) == {"dropped", "prefix", "archives"}
    run("estimate", "--images", "10", "--encoder", "resnet", code=1)
    run("estimate", "--images", "10", "--instance", "g6", code=1)


def history(*points: tuple[str, str, str, int]) -> tuple[Any, Stubber]:
    ec2 = boto3.client("ec2", region_name="us-east-1", aws_access_key_id="x",
                       aws_secret_access_key="x")  # fmt: skip
    stub = Stubber(ec2)
    found = [
        {
            "InstanceType": name,
            "AvailabilityZone": zone,
            "SpotPrice": price,
            "Timestamp": NOW.replace(hour=hour),
        }
        for name, zone, price, hour in points
    ]
    asked = {"InstanceTypes": ANY, "ProductDescriptions": ["Linux/UNIX"], "StartTime": ANY}
    stub.add_response("describe_spot_price_history", {"SpotPriceHistory": found}, asked)
    return ec2, stub


def test_the_newest_price_of_each_zone_counts() -> None:
    ec2, stub = history(
        ("g6.xlarge", "us-east-1a", "0.9", 1),
        ("g6.xlarge", "us-east-1a", "0.2", 5),
        ("g6.xlarge", "us-east-1b", "0.3", 2),
    )
    with stub:
        prices = spot_prices(ec2, ["g6.xlarge"], NOW)
    assert prices == {"g6.xlarge": {"us-east-1a": 0.2, "us-east-1b": 0.3}}
    (offer,) = offers(JOB, [MACHINES["g6.xlarge"], MACHINES["g5.xlarge"]], prices)
    assert (offer.zone, offer.hour, offer.machine.spot) == ("us-east-1a", 0.2, 0.2)
    with pytest.raises(NoSpotPriceError, match="another region"):
        offers(JOB, [MACHINES["g5.xlarge"]], prices)


def test_the_cheapest_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2, stub = history(("g6.xlarge", "a", "0.50", 1), ("g4dn.xlarge", "b", "0.05", 1))
    monkeypatch.setattr(cheapest_command, "_ec2", lambda: ec2)
    with stub:
        found = json.loads(run("cheapest", "--json"))
    assert [offer["instance"] for offer in found] == ["g4dn.xlarge", "g6.xlarge"]
    assert found[0]["dollars"] < found[1]["dollars"]


def test_a_job_must_fit() -> None:
    assert fits(MACHINES["g6.xlarge"], 4, 14336)
    assert not fits(MACHINES["g6.xlarge"], 4, 16384)
    assert not fits(MACHINES["g6.xlarge"], 8, 14336)


class Fleets(Target):
    """A stack with fleets, whose Batch is a table."""

    states = {"gpu": "ENABLED", "cpu": "ENABLED"}  # noqa: RUF012

    def client(self, service: str) -> Any:
        assert service == "batch"
        return self

    def describe_compute_environments(self, computeEnvironments: list[str]) -> Any:  # noqa: N803
        found = [{"state": self.states[name]} for name in computeEnvironments]
        return {"computeEnvironments": found}

    def update_compute_environment(self, computeEnvironment: str, state: str) -> None:  # noqa: N803
        self.states[computeEnvironment] = state


def test_spending_is_stopped_and_resumed(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = target.outputs.model_copy(update={"GpuFleetArn": "gpu", "CpuFleetArn": "cpu"})
    fleets = Fleets(
        target.label, outputs, target.s3, target.sfn, target.ssm, target.sqs, is_local=True
    )
    monkeypatch.setattr(costs_command, "resolve", lambda *_: fleets)
    assert stopped(fleets) is False
    assert "aidetect costs resume" in run("stop")
    assert stopped(fleets) is True
    assert Fleets.states == {"gpu": "DISABLED", "cpu": "DISABLED"}
    assert json.loads(run("resume", "--json")) == {"stopped": False}
    assert stopped(fleets) is False


def test_a_stack_of_before_has_no_fleets_to_stop(target: Target) -> None:
    old = target.outputs.model_copy(update={"GpuFleetArn": "", "CpuFleetArn": ""})
    before = Target(target.label, old, target.s3, target.sfn, target.ssm, target.sqs)
    assert stopped(before) is None
    with pytest.raises(NoFleetsError, match="deploy it again"):
        turn(before, "DISABLED")
