"""Writing an object at most once, whoever else tries: the base of every commit in this system."""

import time
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3 answers a conditional PUT on an existing key with 412, and with 409 while another is under way.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_EXISTS = frozenset({"PreconditionFailed", "412"})
_CONFLICT = frozenset({"ConditionalRequestConflict", "409"})
CONFLICT_TRIES = 5
CONFLICT_PAUSE = 0.2


class WriteConflictError(RuntimeError):
    """Other writers of the same object kept getting in the way; trying again later may help."""


def put_once(
    s3: "S3Client",
    where: S3Uri,
    body: bytes | IO[bytes],
    *,
    content_type: str = "application/octet-stream",
    metadata: Mapping[str, str] | None = None,
) -> bool:
    """Write an object unless there is one already.

    Parameters
    ----------
    s3, where, content_type, metadata
        Client, where to, as what, and with which user metadata.
    body
        Bytes, or a file from its start, up to the 5 GB of a single PUT; it is left open.

    Returns
    -------
    Whether this call wrote it.

    Raises
    ------
    WriteConflictError
        If other writes were under way each time.
    botocore.exceptions.ClientError
        If S3 refuses for any other reason.
    """
    for attempt in range(CONFLICT_TRIES):
        if not isinstance(body, bytes):
            body.seek(0)
        try:
            s3.put_object(
                Bucket=where.bucket,
                Key=where.key,
                Body=body,
                ContentType=content_type,
                Metadata=dict(metadata or {}),
                IfNoneMatch="*",
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _EXISTS:
                return False
            if code not in _CONFLICT:
                raise
            time.sleep(CONFLICT_PAUSE * 2**attempt)
        else:
            return True
    raise WriteConflictError(f"{where}: other writers kept getting in the way; try again")
