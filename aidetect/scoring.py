"""Scoring from end to end, without a word: what the command line and the client share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aidetect.clock import server_time
from aidetect.errors import AidetectError
from aidetect.execution import describe, summary
from aidetect.follow import DropFollower, Progress, poll_batch, wait
from aidetect.results import Row, read_rows
from aidetect.source import gather, new_prefix
from aidetect.start import start_prefix
from aidetect.target import Target
from aidetect.upload import upload
from detector.summary import BatchSummary, Status
from detector.uri import SCHEME, S3Uri

# The clocks of S3 and Step Functions may differ a little.
CLOCK_SLACK = timedelta(seconds=60)


class ScoringFailedError(AidetectError, RuntimeError):
    """A batch ended without results; the message says why."""


@dataclass(frozen=True)
class Step:
    """What is being done, and how much of it; ``total`` is None where nobody knows."""

    what: str
    done: int = 0
    total: int | None = None


Show = Callable[[Step], None]


def silent(_: Step) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Scored:
    """What was scored: the batches, and what the names of its images begin with."""

    prefix: str
    summaries: tuple[BatchSummary, ...]
    skipped: int = 0

    @property
    def complete(self) -> bool:
        """Whether its batches left no image without a verdict for want of a scorer."""
        return all(found.status is Status.COMPLETE for found in self.summaries)

    def rows(self, target: Target) -> Iterator[Row]:
        """Yield its rows; one object in memory at a time."""
        for found in self.summaries:
            for row in read_rows(target.s3, S3Uri.parse(found.results)):
                if row["image"].startswith(self.prefix):
                    yield row


def _drop(target: Target, path: Path, timeout: float, show: Show) -> tuple[Progress, str, int]:
    """Upload a path and wait. Returns how it went, the prefix of its images, and files left out."""
    bucket = target.outputs.IntakeBucket
    drop = gather(path, new_prefix(datetime.now(UTC)))
    began = server_time(target.s3, bucket)
    sent = 0
    show(Step("uploading", 0, len(drop.uploads)))

    def advance(_: object) -> None:
        nonlocal sent
        sent += 1
        show(Step("uploading", sent, len(drop.uploads)))

    upload(target.s3, bucket, drop, advance)
    keys = frozenset(u.key for u in drop.uploads)
    follower = DropFollower(target, drop.prefix, keys, began - CLOCK_SLACK)
    show(Step("waiting for the upload events", 0, len(keys)))

    def tell(progress: Progress) -> None:
        waiting = progress.taken_up < progress.expected
        done = progress.taken_up if waiting else progress.scored
        show(Step("taken up" if waiting else "scoring", done, len(keys)))

    progress = wait(follower.poll, timeout=timeout, show=tell)
    return progress, str(S3Uri(bucket, drop.prefix)), drop.skipped


def _prefix(target: Target, prefix: S3Uri, timeout: float, show: Show) -> Progress:
    arn = start_prefix(target, prefix, datetime.now(UTC))
    show(Step(f"scoring {prefix}"))
    return wait(poll_batch(target, arn), timeout=timeout)


def _ended(target: Target, progress: Progress) -> tuple[BatchSummary, ...]:
    """Return the summaries of the batches that scored a drop."""
    summaries = []
    for execution in progress.batches:
        found = summary(target.s3, target.outputs.ResultsBucket, execution.batch)
        if found is None:
            _, why = describe(target.sfn, execution.arn)
            raise ScoringFailedError(
                f"batch {execution.batch} ended as {execution.status} without results: {why}"
            )
        summaries.append(found)
    return tuple(summaries)


def score_source(target: Target, source: str, *, timeout: float, show: Show = silent) -> Scored:
    """Score a file, an archive, a folder or an S3 prefix, and wait for the end.

    Parameters
    ----------
    source
        A path, which is uploaded into the intake bucket; or ``s3://bucket/prefix``, which is
        scored where it lies.
    timeout
        Seconds to wait at most.
    show
        Called with every step.

    Raises
    ------
    SourceError
        If there is nothing at the path.
    detector.uri.UriError
        If the URI is none.
    UploadError, StartError, ScoringFailedError
        If a file does not arrive, an execution does not start, or ends without results.
    FollowTimeoutError
        When time is up. Nothing is cancelled.
    botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError
        If AWS refuses or cannot be reached.
    """
    if source.startswith(SCHEME):
        prefix = S3Uri.parse(source)
        return Scored(str(prefix), _ended(target, _prefix(target, prefix, timeout, show)))
    progress, below, skipped = _drop(target, Path(source), timeout, show)
    return Scored(below, _ended(target, progress), skipped)
