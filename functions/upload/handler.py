"""Entry point of the upload function: names of files in, presigned uploads out."""

import secrets
from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.aws import signing_client
from functions.logger import logger
from functions.upload.call import Answer, CallError, answer, posted, refusal
from functions.upload.offer import Offerer
from functions.upload.request import RequestError, read_request
from functions.upload.settings import UploadSettings

read_settings = cache(UploadSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> Answer:
    """Answer one call of the function URL, whose caller IAM has let in."""
    settings = read_settings()
    try:
        request = read_request(posted(event))
    except CallError as error:
        return refusal(error.status, error)
    except RequestError as error:
        return refusal(400, error)
    offerer = Offerer(
        bucket=settings.intake_bucket,
        max_bytes=settings.max_image_bytes,
        s3=signing_client(),
        now=datetime.now(UTC),
        mark=secrets.token_hex(4),
    )
    offer = offerer.offer(request)
    logger.info("uploads offered", extra={"files": len(request.files), "drop": offer["drop"]})
    return answer(200, offer)
