"""Entry point of the promote function: a run in, the completion event out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.layout import RunLayout
from detector.promotion import PromotionLog
from detector.training_run import Outcome
from functions.aws import s3_client, ssm_client
from functions.logger import logger
from functions.promote.promote import promote
from functions.promote.settings import PromoteSettings
from functions.training_news import news

read_settings = cache(PromoteSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Promote the detector of the run ``event["run"]``, which its gate let through."""
    settings = read_settings()
    layout = RunLayout(settings.training_bucket, event["run"])
    logger.append_keys(run=layout.run)
    s3 = s3_client()
    log = PromotionLog(s3, ssm_client(), settings.models_bucket, settings.champion_parameter)
    decision = promote(layout, log, s3=s3)
    logger.info("promoted", extra={"detector": str(decision.challenger)})
    return news(decision, Outcome.PROMOTED, layout).model_dump(mode="json")
