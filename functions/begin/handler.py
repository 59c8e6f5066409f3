"""Entry point of the begin function: the execution's input in, the run it begins out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.aws import s3_client, ssm_client
from functions.begin.answer import BeginAnswer
from functions.begin.begin import Beginner
from functions.begin.settings import BeginSettings
from functions.logger import logger

read_settings = cache(BeginSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Begin what the execution ``event["execution"]`` was started with, ``event["input"]``."""
    beginner = Beginner(
        settings=read_settings(), s3=s3_client(), ssm=ssm_client(), now=datetime.now(UTC)
    )
    run = beginner.begin(event["input"], event["execution"])
    logger.append_keys(run=run.run)
    logger.info(
        "begun",
        extra={"dataset": run.request.dataset, "champion": str(run.champion or "none")},
    )
    return BeginAnswer.of(run).model_dump(mode="json")
