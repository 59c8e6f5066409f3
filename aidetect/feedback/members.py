"""Brings marked members of archives to where training reads them, one object each."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from aidetect.feedback.choose import Example
from batch_inference.archive import members
from batch_inference.member import Member
from batch_inference.s3_file import S3File
from detector.manifest import IMAGE_SUFFIXES
from detector.once import put_once
from detector.plan import Limits
from detector.reason import ImageError
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def copy_members(s3: "S3Client", wanted: Iterable[Example], to: S3Uri) -> dict[Example, S3Uri]:
    """Copy members, unpacked, to objects named by their SHA-256.

    Parameters
    ----------
    wanted
        Examples that lie in archives.
    to
        A prefix.

    Returns
    -------
    Where each lies now. What is missing, unreadable, or holds other bytes than were marked has no
    place.

    Raises
    ------
    botocore.exceptions.ClientError
        If S3 refuses for another reason than that an archive is gone.
    """
    archives = defaultdict[S3Uri, dict[str, Example]](dict)
    for example in wanted:
        if example.member is not None:
            archives[example.where][example.member] = example
    found = {}
    for archive, named in archives.items():
        for example, data in _read(s3, archive, named):
            found[example] = _put(s3, example, data, to)
    return found


def _read(
    s3: "S3Client", archive: S3Uri, named: dict[str, Example]
) -> Iterator[tuple[Example, bytes]]:
    def fetch(first: int, last: int) -> tuple[bytes, int]:
        answer = s3.get_object(
            Bucket=archive.bucket, Key=archive.key, Range=f"bytes={first}-{last}"
        )
        with answer["Body"] as body:
            return body.read(), int(answer["ContentRange"].rpartition("/")[2])

    left = dict(named)
    try:
        for member in members(S3File(fetch), archive.key, Limits()):
            example = left.pop(member.name, None)
            if example is not None and (data := _bytes(member, example.sha256)):
                yield example, data
            if not left:
                return
    except (ImageError, s3.exceptions.NoSuchKey):
        # The archive is gone or damaged: what was not reached has no place.
        return


def _bytes(member: Member, sha256: str | None) -> bytes:
    """Return a member's bytes; none where they cannot be read or are not those of the hash."""
    try:
        data = b"" if member.refusal is not None else member.read()
    except ImageError:
        return b""
    return data if sha256 in (None, hashlib.sha256(data).hexdigest()) else b""


def _put(s3: "S3Client", example: Example, data: bytes, to: S3Uri) -> S3Uri:
    suffix = PurePosixPath(example.member or "").suffix.lower()
    name = hashlib.sha256(data).hexdigest() + (suffix if suffix in IMAGE_SUFFIXES else "")
    where = to.join(name)
    put_once(s3, where, data)
    return where
