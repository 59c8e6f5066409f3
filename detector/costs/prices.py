"""List prices, with their day and page. No free tier is taken off, and no taxes are added.

Of us-east-1; other regions cost up to a third more. They change: look at the page before you quote.
"""

from typing import NamedTuple

# When these were last looked at. A price list of AWS is the word of that page, not of this file.
AS_OF = "2026-11"
REGION = "us-east-1"


class Price(NamedTuple):
    """Dollars for one unit of something, and the page that says so."""

    dollars: float
    unit: str
    source: str


_PAGE = "https://aws.amazon.com/{}/pricing/"
S3_PAGE, SQS_PAGE = _PAGE.format("s3"), _PAGE.format("sqs")
LAMBDA_PAGE, STATES_PAGE = _PAGE.format("lambda"), _PAGE.format("step-functions")
SPOT_PAGE, ON_DEMAND_PAGE = _PAGE.format("ec2/spot"), _PAGE.format("ec2/on-demand")

GET = Price(0.40e-6, "request", S3_PAGE)
PUT = Price(5.00e-6, "request", S3_PAGE)
STORED_GB_MONTH = Price(0.023, "GB and month", S3_PAGE)
SQS_REQUEST = Price(0.40e-6, "request", SQS_PAGE)
LAMBDA_REQUEST = Price(0.20e-6, "request", LAMBDA_PAGE)
LAMBDA_GB_SECOND = Price(0.0000166667, "GB-second", LAMBDA_PAGE)
TRANSITION = Price(25e-6, "transition", STATES_PAGE)
# A custom event on the bus, and a notification: one each a batch.
EVENT = Price(1.00e-6, "event", _PAGE.format("eventbridge"))
NOTIFICATION = Price(0.50e-6, "notification", _PAGE.format("sns"))
# gp3; a month of AWS has 730 hours.
DISK_GB_HOUR = Price(0.08 / 730, "GB-hour", _PAGE.format("ebs"))
# A public IPv4 address: the fleet's machines have one each instead of a NAT gateway.
ADDRESS_HOUR = Price(0.005, "hour", _PAGE.format("vpc"))
