"""Entry point of the stop function: an alarm or a budget's notice in, a stopped fleet out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.aws import batch_client, sns_client
from functions.logger import logger
from functions.stop.notice import compose, reason_of
from functions.stop.settings import StopSettings
from functions.stop.stop import stop

read_settings = cache(StopSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Stop the fleets because of the notices in ``event["Records"]``, and say so."""
    settings = read_settings()
    reason = reason_of(event)
    stop(settings.fleets, batch=batch_client())
    notice = compose(reason)
    sns_client().publish(TopicArn=settings.topic_arn, Subject=notice.subject, Message=notice.text)
    logger.warning("spending stopped", extra={"reason": reason})
