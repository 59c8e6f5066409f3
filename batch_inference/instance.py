"""What machine this is, in EC2's words."""

import re
from pathlib import Path

# The firmware of Nitro machines says it to everybody, in containers too; the metadata service is
# out of reach for jobs.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html
DMI = Path("/sys/devices/virtual/dmi/id")
_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")


def instance_type(dmi: Path = DMI) -> str:
    """Return the instance type, such as ``g6.xlarge``; empty where this is no machine of EC2's."""
    try:
        vendor = (dmi / "sys_vendor").read_text().strip()
        name = (dmi / "product_name").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if vendor == "Amazon EC2" and _TYPE.fullmatch(name) else ""
