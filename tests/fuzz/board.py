"""What a fuzzing process and the one that watches it share: counts, and the input at hand.

A mapped file, so that it outlives the process however that ends.
"""

import mmap
import struct
from pathlib import Path

MAX_INPUT = 1 << 16
OUTCOMES = 32
# Executions, longest processor seconds of one, length of the input, whether it is being worked on.
_HEAD = struct.Struct("<QdII")
_COUNTS = struct.Struct(f"<{OUTCOMES}Q")
_INPUT_AT = _HEAD.size + _COUNTS.size


class Board:
    """The shared page.

    Parameters
    ----------
    path
        The file; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        size = _INPUT_AT + MAX_INPUT
        if not path.exists() or path.stat().st_size != size:
            path.write_bytes(bytes(size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self.executions, self.slowest, _, _ = _HEAD.unpack_from(self._map)
        self.counts = list(_COUNTS.unpack_from(self._map, _HEAD.size))

    def begin(self, data: bytes) -> None:
        """Show the input that is about to be worked on; it counts as an execution."""
        self.executions += 1
        self._map[_INPUT_AT : _INPUT_AT + len(data)] = data
        _HEAD.pack_into(self._map, 0, self.executions, self.slowest, len(data), 1)

    def end(self, outcome: int, seconds: float) -> None:
        """Show that it is done, what came of it, and the processor seconds it took."""
        self.counts[outcome] += 1
        self.slowest = max(self.slowest, seconds)
        _COUNTS.pack_into(self._map, _HEAD.size, *self.counts)
        _HEAD.pack_into(self._map, 0, self.executions, self.slowest, 0, 0)

    def at_hand(self) -> bytes | None:
        """Return the input that is being worked on, or that ended the process."""
        _, _, length, active = _HEAD.unpack_from(self._map)
        return self._map[_INPUT_AT : _INPUT_AT + length] if active else None

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()
