"""The client for programs: the commands' own core, with typed results and typed errors."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Literal

from aidetect.aws_boundary import aws_errors
from aidetect.clock import server_time
from aidetect.execution import summary
from aidetect.resolve import resolve
from aidetect.result_set import Results, ResultsError, Selection
from aidetect.scoring import score_source
from aidetect.target import DEFAULT_STACK, Target
from detector.layout import RESULTS_PREFIX
from detector.uri import SCHEME, S3Uri

On = Literal["local", "aws"]
# How far back rows are sought for where nobody says.
LOOK_BACK = timedelta(days=30)
# Rows lie under the day their batch began, which may be the day before.
OVERNIGHT = timedelta(days=1)


class Client:
    """Speaks to one stack. Make it with :func:`connect`; prints nothing."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def where(self) -> str:
        """Which stack this is, in words."""
        return self._target.label

    def score(self, source: str | Path, *, timeout: float = 3600.0) -> Results:
        """Score images, wait for the end, and return their rows.

        Parameters
        ----------
        source
            An image, an archive or a folder, which is uploaded; or ``s3://bucket/prefix``, which
            is scored where it lies.
        timeout
            Seconds to wait at most. The work goes on when they are over.

        Raises
        ------
        aidetect.AidetectError
            One of its subtypes: nothing at the path, a file that does not arrive, a batch without
            results, AWS that refuses; :class:`aidetect.StillGoingError` when time is up.
        detector.uri.UriError
            If the URI is none.
        """
        with aws_errors():
            scored = score_source(self._target, str(source), timeout=timeout)
        prefixes = tuple(S3Uri.parse(found.results) for found in scored.summaries)
        return Results(self._target, Selection(prefixes, scored.prefix))

    def results(
        self,
        *,
        batch: str | None = None,
        since: datetime | date | timedelta | None = None,
        prefix: str | None = None,
    ) -> Results:
        """Return rows of images that were scored before. What is given is combined.

        Parameters
        ----------
        batch
            A batch, by its name.
        since
            Scored at or after a moment (aware, or taken as UTC), a day, or so long ago.
        prefix
            What the image's URI begins with, ``s3://bucket/…``. Alone it looks 30 days back.

        Raises
        ------
        ResultsError
            If nothing is given, or there is no such batch (yet).
        aidetect.AwsError
            If AWS refuses.
        """
        if batch is None and since is None and prefix is None:
            raise ResultsError("say which results: batch=…, since=… or prefix='s3://…'")
        if prefix is not None and not prefix.startswith(SCHEME):
            raise ResultsError(f"prefix {prefix!r} is no S3 URI; expected s3://bucket/…")
        with aws_errors():
            now = server_time(self._target.s3, self._target.outputs.ResultsBucket)
            moment = None if since is None else _moment(since, now)
            if batch is not None:
                prefixes: tuple[S3Uri, ...] = (self._of_batch(batch),)
            else:
                first = (moment or now - LOOK_BACK) - (OVERNIGHT if moment else timedelta(0))
                prefixes = self._days(first.date())
        return Results(self._target, Selection(prefixes, prefix or "", moment))

    def _of_batch(self, batch: str) -> S3Uri:
        found = summary(self._target.s3, self._target.outputs.ResultsBucket, batch)
        if found is None:
            raise ResultsError(
                f"batch {batch!r} has no results on the {self.where}: it still runs, failed, or "
                "has another name; `aidetect status` tells"
            )
        return S3Uri.parse(found.results)

    def _days(self, first: date) -> tuple[S3Uri, ...]:
        """Return the days from one on that have results: one listing, however many they are."""
        bucket = self._target.outputs.ResultsBucket
        pages = self._target.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{RESULTS_PREFIX}run_date=", Delimiter="/"
        )
        found = (p.get("Prefix", "") for page in pages for p in page.get("CommonPrefixes", []))
        low = f"{RESULTS_PREFIX}run_date={first:%Y-%m-%d}/"
        return tuple(S3Uri(bucket, key) for key in found if key >= low)


def _moment(since: datetime | date | timedelta, now: datetime) -> datetime:
    if isinstance(since, timedelta):
        return now - since
    if isinstance(since, datetime):
        return since if since.tzinfo else since.replace(tzinfo=UTC)
    return datetime.combine(since, time(), UTC)


def connect(*, stack: str = DEFAULT_STACK, on: On | None = None) -> Client:
    """Return a client of a stack.

    Parameters
    ----------
    stack
        Name of the CloudFormation stack on AWS.
    on
        ``local``, ``aws``, or None: the local stack when it runs, else AWS with the credentials and
        the region at hand.

    Raises
    ------
    aidetect.NoStackError
        If it is not there; the message says how to get one.
    """
    return Client(resolve(on, stack))


def score(
    source: str | Path,
    *,
    timeout: float = 3600.0,
    stack: str = DEFAULT_STACK,
    on: On | None = None,
) -> Results:
    """Score images on a stack: :func:`connect` and :meth:`Client.score` in one."""
    return connect(stack=stack, on=on).score(source, timeout=timeout)
