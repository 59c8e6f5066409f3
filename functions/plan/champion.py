"""Which detector is in use."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.champion import read_champion
from detector.layout import detector_prefix
from detector.package import DESCRIPTION_FILE
from detector.plan import DetectorRef

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient


class ChampionError(RuntimeError):
    """There is no detector to score with."""


def pin_champion(*, parameter: str, bucket: str, ssm: "SSMClient", s3: "S3Client") -> DetectorRef:
    """Return the exact detector in use, once it is seen to be there.

    Raises
    ------
    ChampionError
        If there is none, or its package is gone.
    detector.contract.ContractError
        If the pointer is damaged.
    """
    champion = read_champion(ssm=ssm, parameter=parameter, bucket=bucket)
    if champion is None:
        raise ChampionError(
            "no detector has been promoted yet: publish one with `aidetect detector publish` "
            f"(parameter {parameter} names none)"
        )
    return check_published(champion, what="champion", s3=s3)


def check_published(ref: DetectorRef, *, what: str, s3: "S3Client") -> DetectorRef:
    """Return a detector that is seen to be there; ``what`` it is, for the message.

    Raises
    ------
    ChampionError
        If its package is gone.
    """
    description = detector_prefix(ref.bucket, ref.name, ref.version).join(DESCRIPTION_FILE)
    try:
        s3.head_object(Bucket=description.bucket, Key=description.key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
            raise
        raise ChampionError(
            f"the {what} {ref} is not at {description}: publish it again, or promote another"
        ) from error
    return ref
