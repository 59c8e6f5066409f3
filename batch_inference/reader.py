"""Reads objects from S3: bounded in bytes, retried, every failure a reason."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from batch_inference.budget import ByteBudget
from batch_inference.errors import ReaderError, ScoringError
from batch_inference.meter import Meter
from batch_inference.s3_error import FAILURES, image_error, is_transient
from detector.manifest import ManifestEntry
from detector.plan import Limits
from detector.reason import ImageError, Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from batch_inference.download import Downloads

T = TypeVar("T")

# botocore retries a request within seconds, and not a body that breaks off while it is being read.
TRIES = 3
# The row of an archive stands for all of its images, so its blocks are worth half a minute.
RANGE_TRIES = 6
PAUSE = 0.5
# So many objects in a row that S3 did not answer for are no accident of theirs: better to fail the
# attempt and resume than to commit a shard of read errors.
UNREACHABLE = 64


def selector(entry: ManifestEntry) -> dict[str, Any]:
    """Return the arguments of ``get_object`` that name exactly the object of an entry.

    The version where the entry has one; else its ETag, so that an object overwritten since is not
    scored under the name of the old one.
    """
    where = {"Bucket": entry.bucket, "Key": entry.key}
    if entry.version:
        return {**where, "VersionId": entry.version}
    return {**where, "IfMatch": f'"{entry.etag.strip(chr(34))}"'} if entry.etag else where


class _UnansweredError(Exception):
    """All tries ended in errors that say nothing about the object; carries what its row says."""

    def __init__(self, cause: Exception, failure: ImageError) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.failure = failure


class Reader:
    """Fetches objects; safe to use from many threads.

    Parameters
    ----------
    s3, limits, budget, meter
        Client, bounds on an object and on the bytes held at once, and what counts them.
    objects
        How many objects there are to fetch: when S3 answers for none of a few, that is no accident
        either.
    downloads
        A quicker way to whole objects, tried first where there is one.
    """

    def __init__(
        self,
        s3: "S3Client",
        limits: Limits,
        budget: ByteBudget,
        meter: Meter,
        *,
        objects: int = UNREACHABLE,
        downloads: "Downloads | None" = None,
    ) -> None:
        self._s3 = s3
        self._limits = limits
        self._budget = budget
        self._meter = meter
        self._downloads = downloads
        self._unreachable = max(1, min(UNREACHABLE, objects))
        self._unanswered = 0
        self._closed = threading.Event()

    def fetch(self, entry: ManifestEntry) -> bytes:
        """Return the bytes of an object, never empty.

        They count against the budget: whoever is done with them gives them back with
        :meth:`release`.

        Raises
        ------
        ImageError
            missing, denied, empty, too_large or read_failed.
        ReaderError
            If S3 refuses the scorer itself, or has not answered for many objects in a row.
        """
        self._check_size(entry.size)
        if (data := self._fetch_quickly(entry)) is not None:
            return data
        try:
            return self._answer(TRIES, lambda: self._fetch_once(entry))
        except _UnansweredError as error:
            self._count_unanswered(error)
            raise error.failure from error

    def release(self, count: int) -> None:
        """Give the bytes of a fetched object, or of a read archive member, back to the budget."""
        self._budget.release(count)

    def hold(self, count: int) -> None:
        """Wait until an archive member of ``count`` bytes may be held."""
        self._budget.acquire(count)

    def close(self) -> None:
        """Turn away whoever waits, because the shard is being given up."""
        self._closed.set()
        self._budget.close()

    def fetch_range(self, entry: ManifestEntry, first: int, last: int) -> tuple[bytes, int]:
        """Return bytes ``first`` to ``last`` (inclusive) of an object, and the object's size.

        Raises
        ------
        ImageError
            missing, denied, empty or read_failed.
        ReaderError
            If S3 refuses the scorer itself, or does not answer: a row in place of all the images
            of an archive is written only for what trying again does not change.
        """
        try:
            return self._answer(RANGE_TRIES, lambda: self._fetch_range_once(entry, first, last))
        except _UnansweredError as error:
            raise ReaderError(
                f"S3 did not deliver bytes {first}-{last} of {entry.uri} ({error}); "
                "the shard resumes"
            ) from error

    def _answer(self, tries: int, get: Callable[[], T]) -> T:
        """Return what S3 answers, asking again when it does not."""
        for attempt in range(1, tries + 1):
            try:
                answer = get()
            except FAILURES as error:
                failure = image_error(error)
                if not is_transient(error):
                    self._unanswered = 0
                    raise failure from error
                if attempt == tries:
                    raise _UnansweredError(error, failure) from error
                if self._closed.wait(PAUSE * 2**attempt):
                    raise ScoringError("the shard was given up while S3 did not answer") from error
            else:
                self._unanswered = 0
                return answer
        raise AssertionError("unreachable")  # pragma: no cover

    def _fetch_quickly(self, entry: ManifestEntry) -> bytes | None:
        if self._downloads is None or not entry.size:
            return None
        self._budget.acquire(entry.size)
        data = None
        try:
            data = self._downloads.fetch(entry)
        finally:
            if data is None:
                self._budget.release(entry.size)
        if data is not None:
            self._unanswered = 0
            self._meter.get(len(data))
        return data

    def _fetch_once(self, entry: ManifestEntry) -> bytes:
        # Room first: an open response that waits for it would be cut off by S3.
        held = entry.size or 0
        self._budget.acquire(held)
        try:
            answer = self._s3.get_object(**selector(entry))
            with answer["Body"] as body:
                size = answer["ContentLength"]
                self._check_size(size)
                self._budget.exchange(held, size)
                held = size
                data = body.read()
        except BaseException:
            self._budget.release(held)
            raise
        self._meter.get(size)
        return data

    def _fetch_range_once(self, entry: ManifestEntry, first: int, last: int) -> tuple[bytes, int]:
        answer = self._s3.get_object(**selector(entry), Range=f"bytes={first}-{last}")
        with answer["Body"] as body:
            data = body.read()
        self._meter.get(len(data))
        total = answer.get("ContentRange", "").rpartition("/")[2]
        return data, int(total) if total.isdigit() else answer["ContentLength"]

    def _count_unanswered(self, error: "_UnansweredError") -> None:
        # Threads may lose a count to each other; the bound need not be exact.
        self._unanswered += 1
        if self._unanswered >= self._unreachable:
            raise ReaderError(
                f"S3 did not answer for {self._unanswered} objects in a row ({error}): check the "
                "network, the VPC endpoint and the service's health; the shard resumes"
            ) from error

    def _check_size(self, size: int | None) -> None:
        if size == 0:
            raise ImageError(Reason.EMPTY)
        if size is not None and size > self._limits.max_bytes:
            raise ImageError(
                Reason.TOO_LARGE, f"{size} bytes; the limit is {self._limits.max_bytes}"
            )
