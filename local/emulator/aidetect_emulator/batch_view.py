"""What an array job's parent shows of its children."""

from collections.abc import Iterable

FINAL = frozenset({"SUCCEEDED", "FAILED"})


def parent_status(children: Iterable[str]) -> str:
    """Give the status of an array parent.

    Batch keeps the parent PENDING until every child has ended; one failed child fails it.
    """
    seen = set(children)
    if not seen <= FINAL:
        return "PENDING"
    return "FAILED" if "FAILED" in seen else "SUCCEEDED"
