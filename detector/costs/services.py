"""What detection services ask for an image, as their price pages say; look before you quote."""

from typing import NamedTuple


class Service(NamedTuple):
    """A kind of service and its list price for a thousand images, in dollars."""

    name: str
    low: float
    high: float
    source: str


# Detectors are sold by plan and volume; the range is what those that publish prices ask for. A
# general image service of AWS stands beside them, since it is the nearest that has a public list.
SERVICES = (
    Service("detection services, by API", 1.0, 30.0, "https://sightengine.com/pricing"),
    Service(
        "Amazon Rekognition, an image", 1.0, 1.0, "https://aws.amazon.com/rekognition/pricing/"
    ),
)
