"""Entry point of the gate function: a run in, whether its detector passed out."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.layout import RunLayout
from detector.training_run import Outcome
from functions.aws import s3_client, ssm_client
from functions.gate.gate import Gate
from functions.gate.settings import GateSettings
from functions.logger import logger
from functions.training_news import news

read_settings = cache(GateSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Decide on the detector of the run ``event["run"]``."""
    settings = read_settings()
    logger.append_keys(run=event["run"])
    gate = Gate(settings=settings, s3=s3_client(), ssm=ssm_client(), now=datetime.now(UTC))
    decision = gate.decide(event["run"])
    logger.info("decided", extra={"passed": decision.passed, "reasons": decision.reasons})
    outcome = Outcome.PASSED if decision.passed else Outcome.REFUSED
    told = news(decision, outcome, RunLayout(settings.training_bucket, decision.run))
    return {"passed": decision.passed, "completed": told.model_dump(mode="json")}
