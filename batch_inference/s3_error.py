"""What an S3 error means: for one image, or for the whole shard."""

import re
from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)
from urllib3.exceptions import HTTPError

from batch_inference.errors import ReaderError
from detector.reason import ImageError, Reason

# What a GET fails with. botocore passes on some of what breaks a body off in urllib3's own words.
FAILURES = (ClientError, BotoCoreError, HTTPError, OSError)

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
# The key is at fault, and stays so; any other KMS code is KMS not keeping up.
# https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors
_KMS_DENIED = re.compile(
    r"KMS\.(KMS)?(Disabled|NotFound|InvalidState|InvalidKeyUsage|AccessDenied)(Exception)?"
)
_TRANSIENT = frozenset(
    {
        "BandwidthLimitExceeded",
        "InternalError",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "TooManyRequestsException",
    }
)
_SYSTEMIC = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


def code_of(error: ClientError) -> str:
    """Return the error code S3 gave."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_transient(error: Exception) -> bool:
    """Tell whether S3 gave no answer about the object: unreachable, overloaded or at fault."""
    if not isinstance(error, ClientError):
        return True
    code = code_of(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or code in _TRANSIENT
        or code.startswith("Throttling")
        or (code.startswith("KMS.") and not _KMS_DENIED.fullmatch(code))
    )


def image_error(error: Exception) -> ImageError:
    """Say what an error of a GET (one of :data:`FAILURES`) means for the image.

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
    if _KMS_DENIED.fullmatch(code):
        return ImageError(Reason.DENIED, f"{code}: the object's KMS key cannot be used")
    reason = _REASONS.get(code, Reason.READ_FAILED)
    return ImageError(reason, _DETAILS.get(code, f"{code}: {reason.sentence}"))
