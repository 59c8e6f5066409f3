"""When alarms are looked at: every minute, and not only once in a whole period.

CloudWatch evaluates an alarm every minute, or every ten seconds where its period is shorter, over
a window that moves along; LocalStack once in ``Period * EvaluationPeriods``. Tests also make all
periods short, so that an alarm's way there and back is a matter of seconds.
"""

from typing import Any

from localstack.services.cloudwatch import alarm_scheduler
from localstack.services.cloudwatch.alarm_scheduler import AlarmScheduler

EVALUATE_SECONDS = 60


def install(shortest: int) -> None:
    """Evaluate twice a period, and every minute; ``shortest`` bounds periods, unless it is 0."""
    details = alarm_scheduler.get_metric_alarm_details_for_alarm_arn

    def shortened(arn: str) -> Any:
        found = details(arn)
        if found and shortest:
            found["Period"] = min(found.get("Period", shortest), shortest)
        return found

    def schedule(scheduler: AlarmScheduler, alarm_arn: str) -> None:
        scheduler.delete_scheduler_for_alarm(alarm_arn)
        found = shortened(alarm_arn)
        if found and scheduler._is_alarm_supported(found):
            scheduler.scheduled_alarms[alarm_arn] = scheduler.scheduler.schedule(
                func=alarm_scheduler.calculate_alarm_state,
                period=min(EVALUATE_SECONDS, found["Period"] // 2),
                fixed_rate=True,
                args=[alarm_arn],
                on_error=lambda error: alarm_scheduler.LOG.error("alarm not evaluated: %s", error),
            )

    alarm_scheduler.get_metric_alarm_details_for_alarm_arn = shortened
    AlarmScheduler.schedule_metric_alarm = schedule
