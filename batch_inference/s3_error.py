"""What an S3 error means: for one image, or for the whole shard."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from batch_inference.errors import ReaderError
from detector.reason import ImageError, Reason

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_REASONS = {
    "NoSuchKey": Reason.MISSING,
    "NoSuchVersion": Reason.MISSING,
    "NoSuchBucket": Reason.MISSING,
    "404": Reason.MISSING,
    "MethodNotAllowed": Reason.MISSING,  # the named version is a delete marker
    "PreconditionFailed": Reason.MISSING,
    "412": Reason.MISSING,
    "AccessDenied": Reason.DENIED,
    "AllAccessDisabled": Reason.DENIED,
    "403": Reason.DENIED,
    "InvalidRange": Reason.EMPTY,
    "416": Reason.EMPTY,
}
_DETAILS = {
    "PreconditionFailed": "the object was overwritten after it was listed; its new upload is "
    "scored on its own",
    "InvalidObjectState": "the object lies in an archive tier; restore it and drop it again",
    "MethodNotAllowed": "the version named by the upload event was deleted",
}
# Wrong with the scorer and not with the object: a row each would only hide it.
_SYSTEMIC_CODES = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_SYSTEMIC = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def code_of(error: ClientError) -> str:
    """Return the error code S3 gave."""
    return str(error.response.get("Error", {}).get("Code", ""))


def image_error(error: ClientError | BotoCoreError) -> ImageError:
    """Say what an error of a GET, after all retries, means for the image.

    Raises
    ------
    ReaderError
        If the error lies with the scorer (credentials, clock), so that every image would have it.
    """
    if isinstance(error, _SYSTEMIC):
        raise ReaderError(f"the scorer has no usable AWS credentials: {error}") from error
    if not isinstance(error, ClientError):
        return ImageError(Reason.READ_FAILED, f"{type(error).__name__}: {error}")
    code = code_of(error)
    if code in _SYSTEMIC_CODES:
        raise ReaderError(f"S3 refuses the scorer's credentials or clock: {error}") from error
    if code.startswith("KMS."):
        return ImageError(Reason.DENIED, f"{code}: the object's KMS key cannot be used")
    reason = _REASONS.get(code, Reason.READ_FAILED)
    return ImageError(reason, _DETAILS.get(code, f"{code}: {reason.sentence}"))
