"""The archive readers on one archive: members with storable rows, then an end or a reason."""

from contextlib import suppress

from batch_inference import archive
from batch_inference.archive import members
from batch_inference.member import MAX_NAME
from batch_inference.s3_file import S3File
from detector.plan import Limits
from detector.reason import ImageError, Reason
from tests.fuzz.archive_seeds import archive_seeds
from tests.fuzz.target import BrokenPromiseError, Target

LIMITS = Limits(max_bytes=1 << 20, max_members=200)
BLOCK = 4096
READ = "read"
# A seed has at most ten members; a mutation may point many directory entries at one.
MAX_HELD = 64 << 20


def prepare() -> None:
    """Take the net from under the readers: what they foresee has the better reason."""
    archive._PASSED_ON = (Exception,)  # type: ignore[assignment]


def run(data: bytes) -> str:
    """Read every member; return the reason that ended the archive, or ``read``.

    Raises
    ------
    BrokenPromiseError
        If a member is not what a row and the byte budget are promised.
    """
    key = "x.zip" if data.startswith(b"PK") else "x.tar"
    file = S3File(lambda first, last: (data[first : last + 1], len(data)), BLOCK)
    names: set[str] = set()
    held = 0
    try:
        for member in members(file, key, LIMITS):
            member.name.encode()
            if member.name in names or len(member.name) > MAX_NAME + 8:
                raise BrokenPromiseError(f"the name {member.name[:100]!r}")
            names.add(member.name)
            if member.refusal is not None:
                member.refusal.detail.encode()
                continue
            with suppress(ImageError):
                content = member.read()
                held += len(content)
                if len(content) > member.size or len(content) > LIMITS.max_bytes:
                    raise BrokenPromiseError(f"{len(content)} bytes of a member of {member.size}")
    except ImageError as error:
        error.detail.encode("utf-8", "replace")
        return error.reason.value
    if held > MAX_HELD:
        raise BrokenPromiseError(f"an archive of {len(data)} bytes unpacks to {held}")
    return READ


TARGET = Target("archive", run, archive_seeds, (READ, *(reason.value for reason in Reason)))
