"""What a batch uses, in the units that are paid for."""

from typing import Self

from detector.contract import Part

# Billed seconds of a machine beside its jobs: boot, pulling 1.7 GB, and idling until Batch takes it
# away. Reckoned, like the next two: docs/costs.md.
MACHINE_START = 240.0
# A container's start and the loading of the detector, on a machine that is there.
JOB_START = 20.0
# Start and loading of the express function, where it is cold.
EXPRESS_START = 6.0
# template.yaml: MemorySize of the express function, and of plan and collect, in GB of 1024 MB.
EXPRESS_GB, FUNCTION_GB = 3008 / 1024, 1769 / 1024
DISK_GB = 100.0
# Transitions of the scoring state machine, start and end included; retries are not counted.
TRANSITIONS = 9
# SQS hands out at most ten messages a request, and takes as many deletions.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html
SQS_MOST = 10


class Usage(Part):
    """Amounts; all may be fractions where they are estimates.

    ``machine_seconds`` are those of jobs, ``start_seconds`` those of their machines beside them.
    """

    images: int = 0
    gets: float = 0
    puts: float = 0
    sqs_requests: float = 0
    lambda_requests: float = 0
    lambda_gb_seconds: float = 0
    transitions: float = 0
    machine_seconds: float = 0
    start_seconds: float = 0
    # Of rows, records and evidence, in GB; kept for a month.
    stored_gb: float = 0

    @classmethod
    def around(cls, *, chunks: float, evidence: bool, entries: int, seconds: float = 6.0) -> Self:
        """Return what a batch uses besides its reading and scoring: its functions and its objects.

        Parameters
        ----------
        chunks
            Result objects.
        evidence
            Whether each has evidence beside it.
        entries
            Entries of the manifest, some 150 bytes each.
        seconds
            How long intake, plan and collect take together.
        """
        return cls(
            # Each chunk's footer, plan, manifest and records are read again; few beside the images.
            gets=2 * chunks + 20,
            puts=chunks * (2 if evidence else 1) + 10,
            lambda_requests=3,
            lambda_gb_seconds=seconds * FUNCTION_GB,
            transitions=TRANSITIONS,
            stored_gb=entries * 250e-9,
        )

    def __add__(self, other: "Usage") -> "Usage":
        mine, theirs = self.model_dump(), other.model_dump()
        return Usage(**{name: mine[name] + theirs[name] for name in mine})


def events(messages: int) -> float:
    """Return the SQS requests of upload events: sent one by one, taken and deleted by the ten."""
    return messages * (1 + 2 / SQS_MOST)
