"""Writing an object at most once."""

from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def put_once(s3: "S3Client", uri: S3Uri, body: bytes | IO[bytes], *, content_type: str) -> bool:
    """Write an object unless there is one already.

    Parameters
    ----------
    s3, uri, content_type
        Client, where to, and as what.
    body
        Bytes, or a file from its start, up to the 5 GB of a single PUT; it is left open.

    Returns
    -------
    Whether this call wrote it.

    Raises
    ------
    botocore.exceptions.ClientError
        If S3 refuses for any other reason, among them that another write is under way (409).
    """
    try:
        s3.put_object(
            Bucket=uri.bucket, Key=uri.key, Body=body, ContentType=content_type, IfNoneMatch="*"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            return False
        raise
    return True
