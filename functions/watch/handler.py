"""Entry point of the watch function: a day's tick in, a golden batch and live accuracy out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.champion import read_champion
from detector.metric import tell
from detector.stored_feedback import read_feedback
from functions.aws import s3_client, ssm_client, states_client
from functions.logger import logger
from functions.watch.golden import start_golden
from functions.watch.live import PERIOD, live_metrics
from functions.watch.settings import WatchSettings

read_settings = cache(WatchSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(_event: dict[str, Any], _context: LambdaContext) -> None:
    """Start the golden batch of the day, and tell what reviewers found of the champion."""
    own, s3, now = read_settings(), s3_client(), datetime.now(UTC)
    champion = read_champion(
        ssm=ssm_client(), parameter=own.champion_parameter, bucket=own.models_bucket
    )
    if champion is None:
        logger.info("nothing to watch: no detector was promoted yet")
        return
    golden = start_golden(
        own.training_bucket, own.state_machine_arn, s3=s3, states=states_client(), now=now
    )
    logger.info("watched", extra={"golden": golden, "detector": str(champion)})
    found = read_feedback(s3, own.results_bucket, since=f"{now - PERIOD:%Y-%m-%d}")
    tell(*live_metrics(found.marks, str(champion)), detector=str(champion))
