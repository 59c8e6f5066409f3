"""Which detector is in use."""

import re
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.layout import detector_prefix
from detector.package import DESCRIPTION_FILE
from detector.plan import DetectorRef

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

NONE = "none"
PATTERN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)@(?P<version>[0-9A-Za-z][0-9A-Za-z.+-]*)")


class ChampionError(RuntimeError):
    """There is no detector to score with."""


def parse_champion(value: str, *, bucket: str, parameter: str) -> DetectorRef:
    """Read the champion pointer, ``name@version``.

    Raises
    ------
    ChampionError
        If none was promoted yet, or the pointer is damaged.
    """
    if value == NONE:
        raise ChampionError(
            "no detector has been promoted yet: publish one to the models bucket and promote it "
            f"(parameter {parameter} is 'none')"
        )
    match = PATTERN.fullmatch(value)
    if not match:
        raise ChampionError(
            f"parameter {parameter} is {value!r}, which is not name@version: promote a detector"
        )
    return DetectorRef(bucket=bucket, name=match["name"], version=match["version"])


def pin_champion(*, parameter: str, bucket: str, ssm: "SSMClient", s3: "S3Client") -> DetectorRef:
    """Return the exact detector in use, once it is seen to be there.

    Raises
    ------
    ChampionError
        If there is none, or its package is gone.
    """
    value = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
    champion = parse_champion(value, bucket=bucket, parameter=parameter)
    description = detector_prefix(bucket, champion.name, champion.version).join(DESCRIPTION_FILE)
    try:
        s3.head_object(Bucket=description.bucket, Key=description.key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
            raise
        raise ChampionError(
            f"the champion {champion} is not at {description}: publish it again, or promote another"
        ) from error
    return champion
