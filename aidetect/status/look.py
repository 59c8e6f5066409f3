"""Looks at all parts of a stack at once; what may not be seen is said, and the rest is shown."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from aidetect.costs import fleets
from aidetect.errors import AidetectError
from aidetect.explanation import denied_action, explain, is_denied
from aidetect.status import alarms, scoring, training, waiting
from aidetect.status.document import Status
from aidetect.target import Target
from detector.champion import read_champion
from detector.contract import ContractError

THREADS = 10


def _why(error: Exception) -> str:
    if isinstance(error, ClientError) and is_denied(error):
        return f"this identity may not {denied_action(error)}"
    return explain(error)


def _champion(target: Target) -> str | None:
    outputs = target.outputs
    found = read_champion(
        ssm=target.ssm, parameter=outputs.ChampionParameter, bucket=outputs.ModelsBucket
    )
    return str(found) if found else None


def look(target: Target, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Status:
    """Look once. Every part is a bounded number of calls, and none stops the others."""
    at = now()
    parts: dict[str, Callable[[], Any]] = {
        "champion": lambda: _champion(target),
        "running batches": lambda: scoring.running(target),
        "running training": lambda: training.running(target),
        "arrivals": lambda: waiting.arrivals(target, at),
        "dead letters": lambda: waiting.dead(target),
        "jobs": lambda: waiting.jobs(target),
        "failed batches": lambda: scoring.failures(target, at),
        "failed training": lambda: training.failures(target, at),
        "last batches": lambda: scoring.last_batches(target),
        "alarms": lambda: alarms.alarms(target),
        "spending": lambda: fleets.stopped(target),
    }
    seen: dict[str, Any] = {}
    unseen: dict[str, str] = {}
    with ThreadPoolExecutor(THREADS, thread_name_prefix="status") as pool:
        futures = {name: pool.submit(part) for name, part in parts.items()}
        for name, future in futures.items():
            try:
                seen[name] = future.result()
            except (ClientError, BotoCoreError, AidetectError, ContractError) as error:
                unseen[name] = _why(error)
    failed = seen.get("failed batches", ()) + seen.get("failed training", ())
    return Status(
        where=target.label,
        stack=target.stack,
        at=at,
        champion=seen.get("champion"),
        running=seen.get("running batches", ()) + seen.get("running training", ()),
        arrivals=seen.get("arrivals"),
        dead=seen.get("dead letters"),
        jobs=seen.get("jobs"),
        failures=tuple(sorted(failed, key=lambda f: f.at, reverse=True)),
        batches=seen.get("last batches", ()),
        alarms=seen.get("alarms", ()),
        spending_stopped=seen.get("spending"),
        unseen=unseen,
    )
