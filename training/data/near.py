"""Near-duplicates by perceptual hash: exactly those within a Hamming distance, and fast.

Two 64-bit hashes that differ in at most d bits agree wholly in one of d + 1 bands of their bits, so
only hashes that share a band are compared.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]

BITS = 64
# Copies that were resized or recompressed differ in 0 to 4 bits; other pictures in 20 and more.
DISTANCE = 4
# Comparisons of one step, so that a band which many share costs time and not memory.
BLOCK = 1 << 22


def as_hashes(texts: Sequence[str]) -> Hashes:
    """Return hexadecimal hashes as numbers."""
    return np.array([int(text or "0", 16) for text in texts], dtype=np.uint64)


def _bands(distance: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, BITS, distance + 2).round().astype(int).tolist()
    return list(pairwise(edges))


def _pairs(left: Hashes, right: Hashes, distance: int) -> tuple[Indexes, Indexes]:
    """Return the indexes of all pairs within a distance; both sides hold no value twice."""
    found_left, found_right = [], []
    for low, high in _bands(distance):
        mask = np.uint64((1 << (high - low)) - 1)
        mine: Hashes = (left >> np.uint64(low)) & mask
        theirs: Hashes = (right >> np.uint64(low)) & mask
        order_left, order_right = np.argsort(mine), np.argsort(theirs)
        keys, starts = np.unique(mine[order_left], return_index=True)
        ends = np.append(starts[1:], len(mine))
        firsts: Indexes = np.asarray(np.searchsorted(theirs[order_right], keys, "left"))
        lasts: Indexes = np.asarray(np.searchsorted(theirs[order_right], keys, "right"))
        for at in np.flatnonzero(lasts > firsts).tolist():
            ours = order_left[starts[at] : ends[at]]
            others = order_right[firsts[at] : lasts[at]]
            step = max(1, BLOCK // len(others))
            for begin in range(0, len(ours), step):
                some = ours[begin : begin + step]
                apart = np.bitwise_count(left[some][:, None] ^ right[others][None, :])
                rows, columns = np.nonzero(np.asarray(apart <= distance))
                found_left.append(some[rows])
                found_right.append(others[columns])
    empty = np.zeros(0, np.int64)
    return np.concatenate([empty, *found_left]), np.concatenate([empty, *found_right])


def near_any(left: Hashes, right: Hashes, distance: int = DISTANCE) -> npt.NDArray[np.bool_]:
    """Tell for each of ``left`` whether any of ``right`` is within the distance.

    Parameters
    ----------
    left, right
        uint64, [n] and [m].

    Returns
    -------
    bool, [n].
    """
    values, where = np.unique(left, return_inverse=True)
    matched = np.zeros(len(values), bool)
    matched[_pairs(values, np.unique(right), distance)[0]] = True
    return np.asarray(matched[where], bool)


def near_groups(hashes: Hashes, distance: int = DISTANCE) -> Indexes:
    """Number the groups that near-duplicates form: who is linked by a chain has one number.

    Returns
    -------
    int64, [n].
    """
    values, where = np.unique(hashes, return_inverse=True)
    parent = list(range(len(values)))

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in zip(*_pairs(values, values, distance), strict=True):
        first, second = root(int(one)), root(int(other))
        parent[max(first, second)] = min(first, second)
    roots = np.array([root(node) for node in range(len(values))], dtype=np.int64)
    return np.asarray(roots[where], np.int64)
