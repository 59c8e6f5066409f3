"""Whether anybody hears of alarms."""

from aidetect.doctor.check import Check, Result, failed, ok, warning
from aidetect.doctor.place import Place

# What SNS gives for an ARN until the owner of the address has agreed:
# https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html
PENDING = "PendingConfirmation"


def look(place: Place) -> Result:
    """Look at who subscribed to the alarms' topic."""
    topic = place.outputs.AlarmTopicArn
    if not topic:
        return warning("this stack's version does not name its topic", "deploy it again")
    pages = place.client("sns").get_paginator("list_subscriptions_by_topic")
    found = [
        one for page in pages.paginate(TopicArn=topic) for one in page.get("Subscriptions", [])
    ]
    pending = [one["Endpoint"] for one in found if one["SubscriptionArn"] == PENDING]
    heard = len(found) - len(pending)
    if pending and not heard:
        return failed(
            f"{', '.join(pending)} did not confirm, and nobody else hears of alarms",
            "follow the link in the e-mail from AWS Notifications",
        )
    if pending:
        return warning(f"{', '.join(pending)} did not confirm", "follow the link in the e-mail")
    if not found:
        return warning(
            "nobody hears of alarms", "set NotificationEmail, or subscribe to AlarmTopicArn"
        )
    return ok(f"{heard} who hear of alarms")


CHECK = Check(
    "alarm mail",
    "Does somebody hear of alarms, and did they confirm?",
    look,
    needs=("sns:ListSubscriptionsByTopic",),
    after=("stack",),
    no_local="e-mail goes nowhere",
)
