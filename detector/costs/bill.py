"""The bill of a usage: an item for each thing that is paid for."""

from collections.abc import Iterable

from detector.contract import Part
from detector.costs import prices
from detector.costs.machines import Machine
from detector.costs.prices import Price
from detector.costs.usage import DISK_GB, Usage


class Item(Part):
    """A line of a bill; ``estimate`` says that the quantity or the price is not a measured one."""

    name: str
    quantity: float
    unit: str
    unit_dollars: float
    dollars: float
    source: str
    estimate: bool = False


def item(name: str, quantity: float, price: Price, *, estimate: bool) -> Item:
    """Return a line."""
    return Item(
        name=name,
        quantity=round(quantity, 6),
        unit=price.unit,
        unit_dollars=price.dollars,
        dollars=round(quantity * price.dollars, 9),
        source=price.source,
        estimate=estimate,
    )


def bill(
    usage: Usage,
    machine: Machine,
    *,
    spot: bool = True,
    estimated: frozenset[str] = frozenset(),
) -> tuple[Item, ...]:
    """Return the lines of a bill that come to anything.

    Parameters
    ----------
    usage
        What was, or will be used.
    machine
        What jobs ran on.
    spot
        Whether on spot, whose price is always an estimate.
    estimated
        Names of fields of the usage that are estimates; ``{"all"}`` for each of them.
    """
    hour = machine.spot_price if spot else machine.on_demand_price
    hours = usage.machine_seconds / 3600
    around = usage.start_seconds / 3600
    named = f"{machine.name} {'on spot' if spot else 'on demand'}"
    lines: list[tuple[str, float, Price, str]] = [
        ("S3 reads", usage.gets, prices.GET, "gets"),
        ("S3 writes", usage.puts, prices.PUT, "puts"),
        ("upload events in SQS", usage.sqs_requests, prices.SQS_REQUEST, "sqs_requests"),
        ("Lambda calls", usage.lambda_requests, prices.LAMBDA_REQUEST, "lambda_requests"),
        ("Lambda time", usage.lambda_gb_seconds, prices.LAMBDA_GB_SECOND, "lambda_gb_seconds"),
        ("Step Functions", usage.transitions, prices.TRANSITION, "transitions"),
        (f"{named}, scoring", hours, hour, "machine_seconds"),
        (f"{named}, starting", around, hour, "start_seconds"),
        ("its disk", (hours + around) * DISK_GB, prices.DISK_GB_HOUR, "start_seconds"),
        ("its public address", hours + around, prices.ADDRESS_HOUR, "start_seconds"),
        ("results, kept for a month", usage.stored_gb, prices.STORED_GB_MONTH, "stored_gb"),
        ("event and notification", 1, _told(), "transitions"),
    ]
    return tuple(
        item(
            name,
            quantity,
            price,
            estimate=bool({"all", field} & estimated) or (price is hour and spot),
        )
        for name, quantity, price, field in lines
        if quantity
    )


def _told() -> Price:
    each = prices.EVENT.dollars + prices.NOTIFICATION.dollars
    return Price(each, "batch", prices.EVENT.source)


def total(items: Iterable[Item]) -> float:
    """Return the sum of a bill in dollars."""
    return round(sum(line.dollars for line in items), 9)
