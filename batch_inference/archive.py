"""An archive as a stream of members, each of which becomes one row."""

from collections.abc import Iterator
from dataclasses import replace

from batch_inference.member import Member, UniqueNames
from batch_inference.s3_file import S3File
from batch_inference.tar import tar_members
from batch_inference.zip import zip_members
from detector.plan import Limits
from detector.reason import ImageError, Reason


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
    for member in read(file, limits):
        if count == limits.max_members:
            raise ImageError(Reason.BOMB, f"the archive has more than {count} members")
        count += 1
        yield replace(member, name=names.unique(member.name))
    if count == 0:
        raise ImageError(Reason.EMPTY, "the archive holds no files")
