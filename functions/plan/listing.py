"""Listing a prefix into a manifest, page by page."""

from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.manifest import ManifestEntry, classify, write_lines
from detector.reason import Reason
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

# What uploading the manifest and cutting it take after the listing, for some millions of images.
RESERVE_SECONDS = 180.0


class ListingError(RuntimeError):
    """A prefix cannot be listed, or not in the time a function has."""


def list_prefix(
    prefix: S3Uri, *, s3: "S3Client", seconds_left: Callable[[], float]
) -> Iterator[ManifestEntry]:
    """Yield an entry for each object under a prefix, in S3's order. Holds one page in memory.

    Raises
    ------
    ListingError
        If S3 refuses, or time runs out.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=prefix.bucket, Prefix=prefix.key)
    try:
        for page in pages:
            if seconds_left() < RESERVE_SECONDS:
                raise ListingError(
                    f"{prefix} holds more objects than can be listed in one go (some 4 million): "
                    "start one execution for each of its sub-prefixes"
                )
            yield from (
                _entry(prefix.bucket, item)
                for item in page.get("Contents", [])
                if item["Size"] or not item["Key"].endswith("/")
            )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in {"AccessDenied", "NoSuchBucket", "InvalidBucketName"}:
            raise
        raise ListingError(
            f"{prefix} cannot be listed ({code}): score the intake bucket, or deploy with the "
            "parameter SourceBucketName naming an existing bucket"
        ) from error


def _entry(bucket: str, item: "ObjectTypeDef") -> ManifestEntry:
    kind, reject = classify(item["Key"])
    return ManifestEntry(
        bucket=bucket,
        key=item["Key"],
        size=item["Size"],
        etag=item["ETag"].strip('"'),
        kind=kind,
        reject=reject if item["Size"] else Reason.EMPTY,
    )


def spool(entries: Iterator[ManifestEntry], file: IO[bytes]) -> int:
    """Write a manifest to a file; return how many entries it has, leaving the file at its start."""
    lines = 0
    for line in write_lines(entries, origin="backfill"):
        file.write(line.encode())
        lines += 1
    file.seek(0)
    return lines - 1  # the header is no entry
