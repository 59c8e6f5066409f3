"""The way a reviewer's page hands in: one presigned PUT, for one key and a time."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from botocore.config import Config

from aidetect.target import Target
from detector.layout import BatchLayout
from detector.stored_feedback import CONTENT_TYPE, SUFFIX
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
MOST_HOURS = 7 * 24
# Version 4, which holds the content type and the expiry to what was signed; and the bucket's own
# region in the name, since a browser does not follow the redirect of the global one.
SIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


@dataclass(frozen=True)
class ReviewLink:
    """A presigned PUT of JSON lines to ``where``, until ``expires_at``.

    ``temporary``: it was signed with temporary credentials and ends with them, if that is earlier.
    """

    put_url: str
    where: S3Uri
    expires_at: datetime
    temporary: bool


def review_link(target: Target, layout: BatchLayout, hours: float, now: datetime) -> ReviewLink:
    """Presign the handing in of one sitting, with the caller's own credentials.

    Parameters
    ----------
    layout
        The batch's.
    hours
        How long, at most :data:`MOST_HOURS`.
    now
        Aware; names the sitting.

    Raises
    ------
    botocore.exceptions.NoCredentialsError
        If there is nobody to sign.
    """
    where = layout.feedback.join(f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}{SUFFIX}")
    signer: S3Client = replace(target, config=target.config.merge(SIGNING)).client("s3")
    parameters: dict[str, Any] = {
        "Bucket": where.bucket,
        "Key": where.key,
        "ContentType": CONTENT_TYPE,
    }
    url = signer.generate_presigned_url(
        "put_object", Params=parameters, ExpiresIn=round(hours * 3600)
    )
    temporary = "X-Amz-Security-Token" in parse_qs(urlsplit(url).query)
    return ReviewLink(url, where, now + timedelta(hours=hours), temporary)
