"""What a batch cost: put on record beside its results, and told as metrics."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from batch_inference.shard import layout_of
from batch_inference.writer import put_once
from detector.contract import ContractError
from detector.costs.actual import Records, ledger_of
from detector.costs.ledger import CostLedger
from detector.costs.prices import Price
from detector.costs.spot import hour_of, spot_prices
from detector.manifest import ManifestHeader
from detector.metric import Metric, Unit, tell
from detector.plan import BatchPlan
from detector.summary import BatchSummary
from functions.aws import ec2_client
from functions.logger import logger

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def keep_costs(
    plan: BatchPlan, summary: BatchSummary, records: Records, *, s3: "S3Client"
) -> CostLedger:
    """Put the ledger of a batch on record once, and return it.

    Raises
    ------
    WriterError, botocore.exceptions.ClientError
        If it cannot be written now.
    """
    ledger = ledger_of(
        plan,
        summary,
        records,
        origin=_origin(plan, s3),
        hour=lambda name: spot_hour(ec2_client(), name),
    )
    where = layout_of(plan).costs
    if put_once(s3, where, ledger.dumps().encode(), "application/json"):
        tell_costs(ledger)
    return ledger


def spot_hour(ec2: Any, name: str) -> Price | None:
    """Return what an hour of an instance type costs on spot; None where EC2 does not say now."""
    try:
        found = spot_prices(ec2, [name], datetime.now(UTC))
    except (ClientError, BotoCoreError) as error:
        logger.warning("no spot price", extra={"instance": name, "error": str(error)})
        return None
    return hour_of(found.get(name, {}))


def tell_costs(ledger: CostLedger) -> None:
    """Tell the costs of a batch, whoever it was for: what the watch scores costs money too."""
    metrics = [
        Metric("Dollars", ledger.dollars, Unit.NONE),
        Metric("GpuSeconds", ledger.gpu_seconds, Unit.SECONDS),
    ]
    if ledger.per_thousand is not None:
        metrics.append(Metric("DollarsPerThousandImages", ledger.per_thousand, Unit.NONE))
    tell(*metrics, batch=ledger.batch)


def _origin(plan: BatchPlan, s3: "S3Client") -> str:
    """Return where the images came from, by the manifest's first line; empty if it says nothing."""
    where = layout_of(plan).manifest
    answer = s3.get_object(Bucket=where.bucket, Key=where.key, Range="bytes=0-4095")
    with answer["Body"] as body:
        first = body.read().partition(b"\n")[0]
    try:
        return ManifestHeader.parse(first, where=str(where)).origin
    except ContractError:
        return ""
