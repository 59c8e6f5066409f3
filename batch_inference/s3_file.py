"""An S3 object as a seekable file, read in blocks: what tar and zip readers need."""

import io
from collections import OrderedDict
from collections.abc import Callable

from detector.reason import ImageError, Reason

# One GET for 8 MiB costs nothing beside the images in it, and a block survives any pause between
# two reads, where an open response body would be cut off by S3.
BLOCK = 8 << 20
KEPT_BLOCKS = 3
# No header, directory or extended attribute of an honest archive is larger: a zip directory of a
# million members with names of 40 characters is 86 MB.
MAX_READ = 96 << 20

Fetch = Callable[[int, int], tuple[bytes, int]]


class S3File:
    """Random access to an object by ranged GETs, with a small cache of blocks.

    Parameters
    ----------
    fetch
        Returns the bytes from a first to a last offset (inclusive), and the object's size.
    block
        Bytes a GET asks for.
    """

    def __init__(self, fetch: Fetch, block: int = BLOCK) -> None:
        self._fetch = fetch
        self._block = block
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._position = 0
        self._blocks[0], self.size = fetch(0, block - 1)

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the new position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError(f"seek to {base + offset}, before the start of the archive")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end.

        Raises
        ------
        ImageError
            bomb, when more than :data:`MAX_READ` is asked for at once; or what the GET met.
        """
        left = max(0, self.size - self._position)
        count = left if size is None or size < 0 else min(size, left)
        if count > MAX_READ:
            raise ImageError(
                Reason.BOMB, f"the archive's headers take {count} bytes; the limit is {MAX_READ}"
            )
        parts = []
        while count > 0:
            number, start = divmod(self._position, self._block)
            piece = self._load(number)[start : start + count]
            if not piece:
                raise ImageError(Reason.READ_FAILED, "the archive became shorter while it was read")
            parts.append(piece)
            self._position += len(piece)
            count -= len(piece)
        return b"".join(parts)

    def _load(self, number: int) -> bytes:
        if number in self._blocks:
            self._blocks.move_to_end(number)
            return self._blocks[number]
        first = number * self._block
        while len(self._blocks) >= KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        data, _ = self._fetch(first, min(first + self._block, self.size) - 1)
        self._blocks[number] = data
        return data
