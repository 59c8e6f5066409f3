"""An archive as a stream of members, each of which becomes one row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from batch_inference.errors import ScoringError
from batch_inference.member import Member, UniqueNames
from batch_inference.s3_file import S3File
from batch_inference.tar import tar_members
from batch_inference.zip import zip_members
from detector.plan import Limits
from detector.reason import ImageError, Reason

# What is not the archive's doing, or is judged already.
_PASSED_ON = (ImageError, ScoringError, ClientError, BotoCoreError, MemoryError)


def members(file: S3File, key: str, limits: Limits) -> Iterator[Member]:
    """Yield the members of the archive, names made unique.

    Parameters
    ----------
    file
        The archive.
    key
        Its key: the suffix says tar or zip.
    limits
        Bounds on a member and on their number.

    Raises
    ------
    ImageError
        About the archive itself, after the members that could be read: truncated, undecodable,
        unsupported, bomb (too many members), empty (none at all), or what reading it met.
    """
    read = zip_members if key.lower().endswith(".zip") else tar_members
    names, count = UniqueNames(), 0
    with _damage_judged():
        for member in read(file, limits):
            if count == limits.max_members:
                raise ImageError(Reason.BOMB, f"the archive has more than {count} members")
            count += 1
            yield replace(member, name=names.unique(member.name), read=_judged(member.read))
    if count == 0:
        raise ImageError(Reason.EMPTY, "the archive holds no files")


@contextmanager
def _damage_judged() -> Iterator[None]:
    """Make whatever the readers let escape a fault of the archive.

    They are Python's own and were not made for hostile files; what nobody foresaw must cost this
    archive a row, and not its shard the job.
    """
    try:
        yield
    except _PASSED_ON:
        raise
    except Exception as error:
        raise ImageError(
            Reason.UNDECODABLE, f"the archive is damaged: {type(error).__name__}: {error}"
        ) from error


def _judged(read: Callable[[], bytes]) -> Callable[[], bytes]:
    def judged() -> bytes:
        with _damage_judged():
            return read()

    return judged
