"""Entry point of the plan function: the execution's input in, where the plan lies out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.aws import s3_client, ssm_client
from functions.logger import logger
from functions.plan.make import Planner
from functions.plan.request import PlanAnswer, read_request
from functions.plan.settings import PlanSettings

read_settings = cache(PlanSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan what the execution ``event["execution"]`` was started with, ``event["input"]``."""
    planner = Planner(
        settings=read_settings(),
        s3=s3_client(),
        ssm=ssm_client(),
        now=datetime.now(UTC),
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000,
    )
    plan = planner.plan(read_request(event["input"]), event["execution"])
    answer = PlanAnswer.of(plan)
    logger.append_keys(batch=plan.batch)
    logger.info(
        "planned",
        extra={
            "lane": answer.lane,
            "shards": answer.shards,
            "entries": answer.entries,
            "detector": str(plan.detector),
        },
    )
    return answer.model_dump(mode="json")
