"""Entry point of the intake function: upload events in, one scoring execution out."""

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from detector.metric import Metric, tell
from functions.aws import s3_client, states_client
from functions.intake.gather import gather
from functions.intake.recent import Recent
from functions.intake.settings import IntakeSettings
from functions.intake.start import start
from functions.logger import logger

read_settings = cache(IntakeSettings.read)
recent = Recent()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Score what the messages tell of; return those that nobody can read, for the queue to keep.

    When a service refuses, the error leaves the function: then all messages go back to the queue.
    """
    settings = read_settings()
    told = gather((record["messageId"], record["body"]) for record in event["Records"])
    gathered = told.only(recent.unseen(told.entries))
    for message, why in gathered.malformed.items():
        logger.warning("message refused", extra={"message_id": message, "why": why[:500]})
    if gathered.entries:
        logger.append_keys(batch=gathered.batch)
        began = start(
            gathered,
            bucket=settings.results_bucket,
            machine=settings.state_machine_arn,
            s3=s3_client(),
            states=states_client(),
        )
        recent.remember(gathered.entries)
        if began:
            tell(Metric("ImagesArrived", len(gathered.entries)), batch=gathered.batch)
        logger.info(
            "scoring started" if began else "scoring had started before",
            extra={"entries": len(gathered.entries), "duplicates": gathered.duplicates},
        )
    return {"batchItemFailures": [{"itemIdentifier": name} for name in gathered.malformed]}
