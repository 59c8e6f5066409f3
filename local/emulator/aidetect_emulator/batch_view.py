"""What an array job's parent shows of its children, and where jobs may start."""

from collections.abc import Iterable
from typing import Any

FINAL = frozenset({"SUCCEEDED", "FAILED"})


def parent_status(children: Iterable[str]) -> str:
    """Give the status of an array parent.

    Batch keeps the parent PENDING until every child has ended; one failed child fails it.
    """
    seen = set(children)
    if not seen <= FINAL:
        return "PENDING"
    return "FAILED" if "FAILED" in seen else "SUCCEEDED"


def can_place(environments: Iterable[Any]) -> bool:
    """Tell whether jobs may start in one of a queue's compute environments."""
    return any(environment.state == "ENABLED" for environment in environments)
