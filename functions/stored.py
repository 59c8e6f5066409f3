"""Documents in S3, read as what they must be."""

from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from detector.contract import Contract, ContractError
from detector.once import put_once
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

C = TypeVar("C", bound=Contract)
MAX_REASON = 400
MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class MissingDocumentError(ContractError):
    """A document that should be there is not."""


def in_short(error: ContractError) -> str:
    """Return what is wrong in one line, without the parser's links."""
    lines = (line.strip() for line in str(error).splitlines())
    text = "; ".join(line for line in lines if not line.startswith("For further information"))
    return text if len(text) <= MAX_REASON else text[:MAX_REASON] + "…"


def is_missing(error: ClientError) -> bool:
    """Tell whether S3 says that there is no such object."""
    return error.response.get("Error", {}).get("Code", "") in MISSING


def load(contract: type[C], where: S3Uri, *, s3: "S3Client") -> C:
    """Read a document.

    Raises
    ------
    MissingDocumentError
        If there is none.
    detector.contract.ContractError
        If it does not follow its contract.
    """
    try:
        with s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
            return contract.parse(body.read(), where=str(where))
    except ClientError as error:
        if not is_missing(error):
            raise
        raise MissingDocumentError(f"{where} is missing") from error


def find(contract: type[C], where: S3Uri, *, s3: "S3Client") -> C | None:
    """Read a document if there is one; raises what :func:`load` raises otherwise."""
    try:
        return load(contract, where, s3=s3)
    except MissingDocumentError:
        return None


def save_once(document: C, where: S3Uri, *, s3: "S3Client") -> C:
    """Write a document unless there is one; return the one that holds."""
    if put_once(s3, where, document.dumps().encode(), content_type="application/json"):
        return document
    return load(type(document), where, s3=s3)
