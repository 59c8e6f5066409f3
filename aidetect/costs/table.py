"""Costs as a person reads them."""

from collections.abc import Iterable, Mapping

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from aidetect.costs.ledgers import Spent
from aidetect.costs.spot import Offer
from aidetect.table import printable
from detector.costs.bill import Item
from detector.costs.ledger import CostLedger


def dollars(value: float | None) -> str:
    """Return an amount: cents where there are any, else what is left of one."""
    if value is None:
        return ""
    return f"${value:,.2f}" if value >= 10 else f"${value:.4f}"


def plain(*columns: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in set(right) else "left", overflow="fold")
    return table


def bill_table(items: Iterable[Item]) -> Group:
    """Draw a bill, an estimate with a mark, and below it once where each price is from."""
    table = plain("", "quantity", "of", "dollars", "", right=("quantity", "dollars"))
    sources: dict[str, int] = {}
    for item in items:
        mark = "~" if item.estimate else ""
        number = sources.setdefault(item.source, len(sources) + 1)
        table.add_row(
            escape(item.name),
            f"{item.quantity:,.4g}" if item.quantity < 100 else f"{item.quantity:,.0f}",
            item.unit,
            f"{mark}{item.dollars:.6f}",
            Text(f"[{number}]", style="dim"),
        )
    named = (Text(f"[{number}] {source}", style="dim") for source, number in sources.items())
    return Group(table, "", *named)


NUMBERS = ("batches", "images", "GPU seconds", "cost", "per 1,000")


def _numbers(spent: Spent) -> list[str]:
    return [
        f"{spent.batches:,}",
        f"{spent.images:,}",
        f"{spent.gpu_seconds:,.0f}",
        dollars(spent.dollars),
        dollars(spent.per_thousand),
    ]


def days_table(days: Mapping[str, Spent]) -> Table:
    """Draw what days came to."""
    table = plain("day", *NUMBERS, right=NUMBERS)
    for day, spent in days.items():
        table.add_row(day, *_numbers(spent))
    return table


def batches_table(ledgers: Iterable[CostLedger]) -> Table:
    """Draw what batches came to; what had to be assumed has a mark."""
    right = ("images", "GPU seconds", "cost", "per 1,000")
    table = plain("batch", "lane", "machine", *right, right=right)
    for ledger in ledgers:
        table.add_row(
            escape(printable(ledger.batch)),
            ledger.lane,
            ledger.instance,
            f"{ledger.images:,}",
            f"{ledger.gpu_seconds:,.0f}",
            ("~" if ledger.unknown else "") + dollars(ledger.dollars),
            dollars(ledger.per_thousand),
        )
    return table


def offers_table(offers: Iterable[Offer]) -> Group:
    """Draw where a job is cheapest."""
    right = ("hour", "job", "minutes")
    table = plain("machine", "zone", *right, right=right)
    for offer in offers:
        table.add_row(
            offer.machine.name,
            offer.zone,
            dollars(offer.hour),
            dollars(offer.dollars),
            f"{offer.seconds / 60:.0f}",
        )
    return Group(table)
