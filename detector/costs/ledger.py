"""The cost of one batch, on record beside its results."""

from typing import ClassVar

from detector.contract import Contract
from detector.costs.bill import Item
from detector.costs.prices import AS_OF
from detector.purpose import Purpose


class CostLedger(Contract):
    """What a batch cost by list prices: not what AWS has billed.

    ``gpu_seconds`` are those of its jobs; ``instance`` what they ran on, empty in the express lane;
    ``unknown`` says in words what had to be assumed.
    """

    SCHEMA: ClassVar[str] = "aidetect.costs/1"

    batch: str
    run_date: str
    lane: str
    purpose: Purpose = Purpose.LIVE
    finished_at: str
    images: int
    requests: int
    gpu_seconds: float
    instance: str = ""
    instance_hour_dollars: float = 0.0
    dollars: float
    items: tuple[Item, ...]
    unknown: tuple[str, ...] = ()
    prices_as_of: str = AS_OF

    @property
    def per_thousand(self) -> float | None:
        """Dollars per thousand images; None where there are none."""
        return 1000 * self.dollars / self.images if self.images else None
