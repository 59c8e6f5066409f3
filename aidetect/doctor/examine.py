"""Asks every question, and goes on where one cannot be asked."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from aidetect.doctor.check import Check, Result, failed, skipped, warning
from aidetect.doctor.document import Diagnosis, Finding, Outcome
from aidetect.doctor.place import Place
from aidetect.errors import AidetectError
from aidetect.explanation import explain, is_denied
from detector.contract import ContractError

_BLOCKED = frozenset({Outcome.FAILED, Outcome.SKIPPED})


def examine(
    place: Place,
    checks: Iterable[Check],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Diagnosis:
    """Ask all, in their order.

    A check that this identity may not make is a warning, since the stack may be well all the same.
    One that builds on another that failed is skipped.
    """
    findings: list[Finding] = []
    stuck: set[str] = set()
    for check in checks:
        result = _ask(check, place, stuck)
        if result.outcome in _BLOCKED and not (place.is_local and check.no_local):
            stuck.add(check.name)
        findings.append(check.found(result))
    return Diagnosis(where=place.label, stack=place.stack, at=now(), findings=tuple(findings))


def _ask(check: Check, place: Place, stuck: set[str]) -> Result:
    if place.is_local and check.no_local:
        return skipped(check.no_local)
    missing = [name for name in check.after if name in stuck]
    if missing:
        return skipped(f"waits for: {missing[0]}")
    try:
        return check.look(place)
    except ClientError as error:
        if is_denied(error):
            return _denied(check, error)
        return failed(explain(error), "see what AWS says, and try again")
    except (BotoCoreError, AidetectError, ContractError) as error:
        return failed(explain(error), "put that right, and try again")


def _denied(check: Check, error: ClientError) -> Result:
    """Name the action as IAM does: not every service tells which it was."""
    operation = str(error.operation_name)
    action = next((a for a in check.needs if a.endswith(f":{operation}")), check.needs[0])
    return warning(
        f"not known: this identity may not {action}",
        f"allow it {action}, or have somebody look who may",
    )
