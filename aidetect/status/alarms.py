"""The stack's alarms that have gone off."""

from aidetect.status.document import Alarm
from aidetect.target import Target

ALARM = "ALARM"
MOST = 50


def alarms(target: Target) -> tuple[Alarm, ...]:
    """Return the alarms in ALARM; CloudFormation names them ``<stack>-<name>-<suffix>``."""
    found = target.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{target.stack}-", StateValue=ALARM, MaxRecords=MOST
    )["MetricAlarms"]
    return tuple(
        Alarm(
            name=alarm["AlarmName"],
            says=alarm.get("AlarmDescription", ""),
            since=alarm["StateUpdatedTimestamp"],
        )
        for alarm in found
        if alarm["StateValue"] == ALARM  # the local stack knows no such filter
    )
