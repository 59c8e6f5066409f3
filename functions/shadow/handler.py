"""Entry point of the shadow function: the end of a batch in, the start of its shadow out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.shadow import read_request
from detector.summary import ScoringCompleted
from functions.aws import s3_client, ssm_client, states_client
from functions.logger import logger
from functions.shadow.settings import ShadowSettings
from functions.shadow.start import start_shadow, wanted

read_settings = cache(ShadowSettings.read)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Have the challenger score the batch of ``event["detail"]``, where it is in the sample."""
    own = read_settings()
    ended = ScoringCompleted.model_validate(event["detail"])
    logger.append_keys(batch=ended.batch)
    asked = read_request(ssm_client(), own.shadow_parameter)
    if asked is None or not wanted(asked, ended):
        return
    name = start_shadow(
        asked,
        ended.batch,
        bucket=own.results_bucket,
        machine=own.state_machine_arn,
        s3=s3_client(),
        states=states_client(),
    )
    logger.info("shadowed", extra={"shadow": name, "challenger": asked.detector})
