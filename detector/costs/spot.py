"""Spot prices as EC2 tells them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from detector.costs.prices import Price

HISTORY_PAGE = (
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html"
)


def spot_prices(ec2: Any, names: Iterable[str], now: datetime) -> dict[str, dict[str, float]]:
    """Return dollars an hour by machine and zone, as of now.

    Asked from now on, the history answers with the price in force of each machine and zone.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html

    Raises
    ------
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        If EC2 cannot be asked.
    """
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=list(names),
        ProductDescriptions=["Linux/UNIX"],
        StartTime=now,
    )
    newest: dict[tuple[str, str], tuple[datetime, float]] = {}
    for page in pages:
        for point in page["SpotPriceHistory"]:
            where = (point["InstanceType"], point["AvailabilityZone"])
            since = point.get("Timestamp") or datetime.min.replace(tzinfo=UTC)
            if where not in newest or since > newest[where][0]:
                newest[where] = (since, float(point["SpotPrice"]))
    found: dict[str, dict[str, float]] = {}
    for (name, zone), (_, dollars) in newest.items():
        found.setdefault(name, {})[zone] = dollars
    return found


def hour_of(zones: dict[str, float]) -> Price | None:
    """Return the price of an hour by the prices of a machine's zones; None where there are none.

    Their mean: a job learns what machine it runs on, and not in which zone.
    """
    return Price(round(fmean(zones.values()), 6), "hour", HISTORY_PAGE) if zones else None
