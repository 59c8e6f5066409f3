"""Reads objects from S3: bounded in bytes, retried, every failure a reason."""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from batch_inference.budget import ByteBudget
from batch_inference.errors import ReaderError
from batch_inference.meter import Meter
from batch_inference.s3_error import image_error
from detector.manifest import ManifestEntry
from detector.plan import Limits
from detector.reason import ImageError, Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# botocore retries a request, but not a body that breaks off while it is being read.
BODY_TRIES = 3
BODY_PAUSE = 0.2
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


class Reader:
    """Fetches objects; safe to use from many threads."""

    def __init__(self, s3: "S3Client", limits: Limits, budget: ByteBudget, meter: Meter) -> None:
        self._s3 = s3
        self._limits = limits
        self._budget = budget
        self._meter = meter
        self._unanswered = 0

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
        for attempt in range(1, BODY_TRIES + 1):
            try:
                data = self._fetch_once(entry)
            except ClientError as error:
                self._unanswered = 0
                raise image_error(error) from error
            except BotoCoreError as error:
                failure = image_error(error)
                if attempt == BODY_TRIES:
                    self._count_unanswered(error)
                    raise failure from error
                time.sleep(BODY_PAUSE * 2**attempt)
            else:
                self._unanswered = 0
                return data
        raise AssertionError("unreachable")  # pragma: no cover

    def release(self, count: int) -> None:
        """Give the bytes of a fetched object, or of a read archive member, back to the budget."""
        self._budget.release(count)

    def hold(self, count: int) -> None:
        """Wait until an archive member of ``count`` bytes may be held."""
        self._budget.acquire(count)

    def close(self) -> None:
        """Turn away whoever waits for room, because the shard is being given up."""
        self._budget.close()

    def fetch_range(self, entry: ManifestEntry, first: int, last: int) -> tuple[bytes, int]:
        """Return bytes ``first`` to ``last`` (inclusive) of an object, and the object's size.

        Raises
        ------
        ImageError
            missing, denied, empty or read_failed.
        ReaderError
            If S3 refuses the scorer itself.
        """
        for attempt in range(1, BODY_TRIES + 1):
            try:
                answer = self._s3.get_object(**selector(entry), Range=f"bytes={first}-{last}")
                with answer["Body"] as body:
                    data = body.read()
            except ClientError as error:
                raise image_error(error) from error
            except BotoCoreError as error:
                failure = image_error(error)
                if attempt == BODY_TRIES:
                    raise failure from error
                time.sleep(BODY_PAUSE * 2**attempt)
            else:
                self._meter.get(len(data))
                total = answer.get("ContentRange", "").rpartition("/")[2]
                return data, int(total) if total.isdigit() else answer["ContentLength"]
        raise AssertionError("unreachable")  # pragma: no cover

    def _fetch_once(self, entry: ManifestEntry) -> bytes:
        answer = self._s3.get_object(**selector(entry))
        with answer["Body"] as body:
            size = answer["ContentLength"]
            self._check_size(size)
            self._budget.acquire(size)
            try:
                data = body.read()
            except BaseException:
                self._budget.release(size)
                raise
        self._meter.get(size)
        return data

    def _count_unanswered(self, error: BotoCoreError) -> None:
        # Threads may lose a count to each other; the bound need not be exact.
        self._unanswered += 1
        if self._unanswered >= UNREACHABLE:
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
