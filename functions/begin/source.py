"""Whether what a request names may be read and is there, before any machine is started for it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from detector.training_request import RequestError
from detector.uri import SCHEME, S3Uri, UriError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def check_source(what: str, text: str, *, allowed: Collection[str], s3: "S3Client") -> None:
    """Hold an ``s3://`` location of a request against what the jobs may read.

    Parameters
    ----------
    what
        The request's field, for the message.
    text
        The location: a prefix or an object.
    allowed
        The buckets that the jobs' roles may read.

    Raises
    ------
    RequestError
        If it lies in another bucket, or nothing lies there.
    """
    try:
        uri = S3Uri.parse(text)
    except UriError as error:
        raise RequestError(f"{what}: {error}") from error
    if uri.bucket not in allowed:
        raise RequestError(
            f"{what}: {text} is in bucket {uri.bucket}, which training may not read; it reads "
            f"{', '.join(sorted(allowed))}. Copy it there, or deploy the stack with "
            f"SourceBucketName={uri.bucket}"
        )
    if not _is_there(uri, s3):
        raise RequestError(f"{what}: nothing lies at {text}; is the path right?")


def _is_there(uri: S3Uri, s3: "S3Client") -> bool:
    def first(prefix: str) -> str | None:
        found = s3.list_objects_v2(Bucket=uri.bucket, Prefix=prefix, MaxKeys=1).get("Contents")
        return found[0]["Key"] if found else None

    if not uri.key or uri.key.endswith("/"):
        return first(uri.key) is not None
    # An object sorts before all others that begin with its key.
    return first(uri.key) == uri.key or first(uri.key + "/") is not None


def in_s3(text: str) -> bool:
    """Tell whether a field that may hold other things holds an S3 location."""
    return text.startswith(SCHEME)
