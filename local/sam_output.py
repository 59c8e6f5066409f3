"""What of SAM's long output tells why it failed."""

from dataclasses import dataclass

FAILED = "_FAILED"
# ResourceStatus, ResourceType, LogicalResourceId, ResourceStatusReason: columns of equal width.
COLUMNS = 4
LAST_LINES = 12


@dataclass(frozen=True)
class Failure:
    """A resource that could not be made, and why."""

    resource: str
    reason: str


def _cells(line: str) -> list[str]:
    width = max(len(line) // COLUMNS, 1)
    return [line[i * width : (i + 1) * width].strip() for i in range(COLUMNS)]


def failures(output: str, width: int = 100) -> list[Failure]:
    """Read the failed resources off the table that ``sam deploy`` prints.

    Parameters
    ----------
    output : str
        All it printed.
    width : int
        Width of the table in characters; a cell's text is broken over several lines.
    """
    found: list[list[str]] = []
    is_failed = False
    for raw in output.splitlines():
        if not raw.strip() or raw.startswith("-"):
            is_failed = False
            continue
        status, _type, resource, reason = _cells(raw.ljust(width)[:width])
        if status:
            is_failed = status.endswith(FAILED)
            if is_failed:
                found.append([resource, reason])
        elif is_failed:
            found[-1][0] += resource
            # The table breaks long words; their parts are left apart.
            found[-1][1] += f" {reason}"
    return [Failure(resource, " ".join(reason.split())) for resource, reason in found]


def summarize(output: str) -> str:
    """Give the failed resources, and the last lines of the output."""
    lines = [line for line in output.splitlines() if line.strip()]
    listed = [f"  {f.resource}: {f.reason}" for f in failures(output) if f.reason != "-"]
    return "\n".join([*listed, *lines[-LAST_LINES:]] if not listed else [*listed, lines[-1]])
