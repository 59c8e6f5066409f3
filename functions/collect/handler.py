"""Entry point of the collect function: a plan in, the completion event out."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from batch_inference import log
from batch_inference.closeout import close_out
from batch_inference.shard import layout_of
from detector.metric import tell as tell_metrics
from detector.purpose import Purpose
from detector.stored_plan import load_plan
from detector.uri import S3Uri
from functions.aws import s3_client
from functions.collect.costs import keep_costs
from functions.collect.metrics import metrics_of
from functions.collect.news import tell
from functions.collect.report import report_of
from functions.collect.watch import watch
from functions.logger import logger


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Close the batch of the plan at ``event["plan"]``, whether or not its job succeeded."""
    log.configure(batch=event["batch"])
    s3 = s3_client()
    plan = load_plan(s3, S3Uri.parse(event["plan"]))
    logger.append_keys(batch=plan.batch)
    now = datetime.now(UTC)
    summary = close_out(plan, s3=s3, now=now, price=partial(keep_costs, plan, s3=s3))
    # Once a batch, however often this is tried.
    if summary.finished_at == now.isoformat():
        # What the watch scores is nobody's batch.
        if plan.purpose is Purpose.LIVE:
            tell_metrics(*metrics_of(summary), batch=plan.batch)
        watch(plan, summary, s3=s3)
    report = None
    if plan.purpose is Purpose.LIVE:
        report = report_of(plan, summary, s3=s3, left=context.get_remaining_time_in_millis)
    news = tell(summary, layout_of(plan), report)
    logger.info("closed", extra={"status": summary.status, "rows": summary.counts.rows})
    return news.model_dump(mode="json")
