"""Entry point of the tell function: the end of an execution in, a notification out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.layout import RunLayout
from functions.aws import s3_client, sns_client
from functions.logger import logger
from functions.tell.ended import EndedExecution
from functions.tell.failures import has_begun, newest_failure
from functions.tell.message import compose
from functions.tell.settings import TellSettings

read_settings = cache(TellSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Tell of the training execution in ``event["detail"]``, which did not succeed."""
    settings, s3 = read_settings(), s3_client()
    ended = EndedExecution.of(event["detail"])
    logger.append_keys(run=ended.run)
    layout = RunLayout(settings.training_bucket, ended.run)
    begun = has_begun(layout, s3=s3)
    message = compose(ended, newest_failure(layout, s3=s3), begun=begun)
    sns_client().publish(TopicArn=settings.topic_arn, Subject=message.subject, Message=message.text)
    logger.info("told", extra={"subject": message.subject})
