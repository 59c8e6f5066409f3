"""Why spending is stopped, and what people are told of it."""

import json
from typing import Any, NamedTuple

MAX_REASON = 1000
SUBJECT = "Spending is stopped"


class Notice(NamedTuple):
    """What the topic is told."""

    subject: str
    text: str


def reason_of(event: dict[str, Any]) -> str:
    """Return why, in the words of who asked: an alarm says it in JSON, a budget in plain text.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    said = [_said(record.get("Sns", {})) for record in event.get("Records", [])]
    return "; ".join(part for part in said if part)[:MAX_REASON] or "asked for by hand"


def _said(message: dict[str, Any]) -> str:
    text = str(message.get("Message") or message.get("Subject") or "")
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return " ".join(text.split())
    if isinstance(found, dict) and found.get("AlarmName"):
        return f"{found['AlarmName']}: {found.get('NewStateReason', '')}"
    return text


def compose(reason: str) -> Notice:
    """Return what people are told."""
    lines = [
        "No more GPU or CPU machines are started for this stack.",
        "",
        f"Why: {reason}",
        "",
        "Jobs that run go on to their end. Batches that need a machine wait, and lose nothing.",
        "Up to ExpressMaxImages images at a time are still scored, on Lambda.",
        "",
        "What it came to: aidetect costs actual",
        "To go on:        aidetect costs resume",
    ]
    return Notice(SUBJECT, "\n".join(lines) + "\n")
