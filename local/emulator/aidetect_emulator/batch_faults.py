"""Faults that a job's process meets."""

import resource

from .fault_file import Faults, current


def fill_disk(pid: int, faults: Faults) -> None:
    """Let a process write no larger file than asked for, if any size was."""
    if faults.file_bytes is not None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (faults.file_bytes, faults.file_bytes))


def machine_gone(job_id: str, before: Faults) -> str | None:
    """Give Batch's words for a reclaimed spot machine, where a fault took it since ``before``.

    https://docs.aws.amazon.com/batch/latest/userguide/job_retries.html
    """
    if current().reclaim == before.reclaim:
        return None
    digits = job_id.split(":")[0].replace("-", "")
    return f"Host EC2 (instance i-{digits[:17]}) terminated."
