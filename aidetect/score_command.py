"""``aidetect score``: from a photograph, a folder or a prefix to a table of verdicts."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from aidetect.clock import server_time
from aidetect.console import counting_bar, emit_rows, err, fail, guarded, out
from aidetect.digest import digest
from aidetect.execution import describe, summary
from aidetect.follow import DropFollower, FollowTimeoutError, Progress, poll_batch, wait
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.outputs import OutputsError
from aidetect.resolve import resolve
from aidetect.results import Row, read_rows
from aidetect.source import SourceError, gather, new_prefix
from aidetect.start import StartError, start_prefix
from aidetect.table import verdict_table
from aidetect.target import NoStackError, Target
from aidetect.upload import UploadError, upload
from detector.contract import ContractError
from detector.summary import BatchSummary, Status
from detector.uri import SCHEME, S3Uri, UriError

# The clocks of S3 and Step Functions may differ a little.
CLOCK_SLACK = timedelta(seconds=60)


def _drop(target: Target, path: Path, timeout: float) -> tuple[Progress, str]:
    """Upload a path and wait for its rows. Returns how it went and the prefix of its images."""
    bucket = target.outputs.IntakeBucket
    drop = gather(path, new_prefix(datetime.now(UTC)))
    began = server_time(target.s3, bucket)
    if drop.skipped:
        err.print(f"[dim]{drop.skipped} hidden files are left out[/]")
    with counting_bar() as bar:
        task = bar.add_task("uploading", total=len(drop.uploads))
        upload(target.s3, bucket, drop, lambda _: bar.advance(task))
        keys = frozenset(u.key for u in drop.uploads)
        follower = DropFollower(target, drop.prefix, keys, began - CLOCK_SLACK)
        task = bar.add_task("waiting for the upload events", total=len(keys))

        def show(progress: Progress) -> None:
            waiting = progress.taken_up < progress.expected
            bar.update(
                task,
                description="taken up" if waiting else "scoring",
                completed=progress.taken_up if waiting else progress.scored,
            )

        progress = wait(follower.poll, timeout=timeout, show=show)
    return progress, str(S3Uri(bucket, drop.prefix))


def _prefix(target: Target, prefix: S3Uri, timeout: float) -> tuple[Progress, str]:
    arn = start_prefix(target, prefix, datetime.now(UTC))
    with counting_bar() as bar:
        bar.add_task(f"scoring {escape(str(prefix))}", total=None)
        progress = wait(poll_batch(target, arn), timeout=timeout)
    return progress, str(prefix)


def _ended(target: Target, progress: Progress) -> list[BatchSummary]:
    """Return the summaries of the batches that scored a drop."""
    summaries = []
    for execution in progress.batches:
        found = summary(target.s3, target.outputs.ResultsBucket, execution.batch)
        if found is None:
            _, why = describe(target.sfn, execution.arn)
            fail(f"batch {execution.batch} ended as {execution.status} without results: {why}")
        summaries.append(found)
    return summaries


def _rows(target: Target, summaries: Iterable[BatchSummary], prefix: str) -> Iterator[Row]:
    for found in summaries:
        for row in read_rows(target.s3, S3Uri.parse(found.results)):
            if row["image"].startswith(prefix):
                yield row


@guarded(
    NoStackError, OutputsError, SourceError, UploadError, FollowTimeoutError, StartError, UriError,
    ContractError,
)  # fmt: skip
def score(
    source: Annotated[
        str,
        typer.Argument(help="An image, an archive (.tar, .zip), a folder, or s3://bucket/prefix."),
    ],
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds to wait; the work goes on when they are over.")
    ] = 3600.0,
    limit: Annotated[int, typer.Option(min=1, help="How many rows to print.")] = 50,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Score images: upload them where needed, wait, and print a verdict for each.

    A local path is dropped into the intake bucket, as any program would drop it; an S3 prefix is
    scored where it lies. Every file gets one row: a verdict (ai, real, unsure) or an error with
    its reason.

    Exit code 0: every image has its row. 1: something failed, and the message says what. 3: some
    images could not be scored (rows with reason not_scored).
    """
    target = resolve(where, stack)
    began = time.monotonic()
    if source.startswith(SCHEME):
        progress, prefix = _prefix(target, S3Uri.parse(source), timeout)
    else:
        progress, prefix = _drop(target, Path(source), timeout)
    summaries = _ended(target, progress)
    complete = all(found.status is Status.COMPLETE for found in summaries)
    rows = _rows(target, summaries, prefix)
    if as_json:
        head = {"complete": complete, "results": [found.results for found in summaries]}
        emit_rows(head, rows)
    else:
        out.print(verdict_table(digest(rows, limit), prefix=prefix))
        out.print(f"[dim]in {time.monotonic() - began:.1f} s on the {target.label}[/]")
        for found in summaries:
            out.print(f"Parquet: {found.results}", soft_wrap=True, markup=False)
    if not complete:
        raise typer.Exit(3)
