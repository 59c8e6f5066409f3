"""What batches cost, from the ledgers beside their results."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from detector.costs.ledger import CostLedger
from detector.layout import COSTS_PREFIX, BatchLayout
from detector.summary import BatchSummary
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

READERS = 16


class Spent(NamedTuple):
    """What batches came to; ``estimated`` counts those of which something had to be assumed."""

    batches: int
    images: int
    gpu_seconds: float
    dollars: float
    estimated: int

    @property
    def per_thousand(self) -> float | None:
        """Dollars per thousand images; None where there are none."""
        return 1000 * self.dollars / self.images if self.images else None

    @classmethod
    def of(cls, ledgers: Iterable[CostLedger]) -> "Spent":
        """Add up."""
        found = list(ledgers)
        return cls(
            batches=len(found),
            images=sum(ledger.images for ledger in found),
            gpu_seconds=round(sum(ledger.gpu_seconds for ledger in found), 3),
            dollars=round(sum(ledger.dollars for ledger in found), 6),
            estimated=sum(bool(ledger.unknown) for ledger in found),
        )


def _keys(s3: "S3Client", bucket: str, since: str) -> Iterator[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=COSTS_PREFIX, StartAfter=f"{COSTS_PREFIX}run_date={since}"
    )
    for page in pages:
        yield from (found["Key"] for found in page.get("Contents", ()))


def _read(s3: "S3Client", where: S3Uri) -> CostLedger:
    with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
        return CostLedger.parse(body.read(), where=str(where))


def read_ledgers(s3: "S3Client", bucket: str, since: str = "") -> list[CostLedger]:
    """Return the ledgers of batches that began on a day, ``YYYY-MM-DD``, or later; oldest first.

    Raises
    ------
    ContractError
        If one is of another major version.
    """
    places = (S3Uri(bucket, key) for key in _keys(s3, bucket, since))
    with ThreadPoolExecutor(READERS) as readers:
        found = list(readers.map(lambda where: _read(s3, where), places))
    return sorted(found, key=lambda ledger: (ledger.run_date, ledger.finished_at))


def read_ledger(s3: "S3Client", bucket: str, ended: BatchSummary) -> CostLedger | None:
    """Return the ledger of a batch that ended, or None where it has none (yet).

    Raises
    ------
    ContractError
        If it is of another major version.
    """
    where = BatchLayout(bucket, ended.batch, ended.run_date, ended.purpose).costs
    try:
        return _read(s3, where)
    except s3.exceptions.NoSuchKey:
        return None


def by_day(ledgers: Iterable[CostLedger]) -> dict[str, Spent]:
    """Return what each day came to, oldest first."""
    days: dict[str, list[CostLedger]] = {}
    for ledger in ledgers:
        days.setdefault(ledger.run_date, []).append(ledger)
    return {day: Spent.of(found) for day, found in sorted(days.items())}
