"""Entry point of the express function: one shard scored on CPUs, by the job's own code."""

# First: what decode workers are forked from imports beside all that follows.
from functions.express.forks import server

# isort: split
import atexit
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from batch_inference import log
from batch_inference.job import run_shard
from batch_inference.kept_decoder import KeptDecoder
from detector.uri import S3Uri
from functions.aws import s3_client
from functions.express.settings import ExpressSettings
from functions.logger import logger

read_settings = cache(ExpressSettings.read)
decoders = KeptDecoder(server)
atexit.register(decoders.close)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Score the shard ``event["shard"]`` of the plan at ``event["plan"]``."""
    settings = read_settings()
    log.configure(batch=event.get("batch"), shard=event["shard"])
    record = run_shard(
        S3Uri.parse(event["plan"]),
        event["shard"],
        s3=s3_client(),
        graph=settings.graph,
        cache=settings.detector_cache,
        decoders=decoders,
    )
    logger.info("scored", extra={"rows": record.counts.rows, "seconds": record.seconds})
    return {"batch": record.batch, "shard": record.shard, "rows": record.counts.rows}
