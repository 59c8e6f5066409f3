"""Near-duplicates: exactly those within the distance."""

import time

import imagehash
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.training.data.pictures import picture
from training.data import near
from training.data.near import as_hashes, near_any, near_groups

# Close to each other by design, since random numbers never are.
HASHES = st.lists(
    st.one_of(
        st.integers(0, 2**64 - 1),
        st.sets(st.integers(0, 63), max_size=7).map(lambda bits: sum(1 << b for b in bits)),
        st.sets(st.integers(0, 63), max_size=7).map(
            lambda bits: (2**64 - 1) ^ sum(1 << b for b in bits)
        ),
    ),
    max_size=25,
)


def apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


@settings(max_examples=150, deadline=None)
@given(HASHES, HASHES, st.integers(0, 6))
def test_any_is_what_brute_force_finds(left: list[int], right: list[int], distance: int) -> None:
    found = near_any(np.array(left, np.uint64), np.array(right, np.uint64), distance)
    assert found.tolist() == [any(apart(a, b) <= distance for b in right) for a in left]


@settings(max_examples=150, deadline=None)
@given(HASHES, st.integers(0, 6))
def test_groups_are_what_brute_force_links(hashes: list[int], distance: int) -> None:
    groups = near_groups(np.array(hashes, np.uint64), distance).tolist()
    expected = list(range(len(hashes)))
    for one in range(len(hashes)):
        for other in range(one):
            if apart(hashes[one], hashes[other]) <= distance:
                old, new = expected[one], expected[other]
                expected = [new if g == old else g for g in expected]
    for one in range(len(hashes)):
        for other in range(one):
            assert (groups[one] == groups[other]) == (expected[one] == expected[other])


def test_large_blocks_are_cut(monkeypatch: object) -> None:
    hashes = np.arange(300, dtype=np.uint64)
    before = near_groups(hashes, 1)
    near.BLOCK, kept = 1000, near.BLOCK
    try:
        assert near_groups(hashes, 1).tolist() == before.tolist()
    finally:
        near.BLOCK = kept


def test_a_hundred_thousand_take_seconds() -> None:
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**63, 100_000, dtype=np.uint64)
    hashes[:1000] = hashes[-1000:] ^ np.uint64(0b1000_0010_0001_0001)
    # Plain pictures all have much the same hash.
    hashes[2000:3000] = np.uint64(1) << rng.integers(0, 64, 1000, dtype=np.uint64)
    began = time.monotonic()
    groups = near_groups(hashes)
    assert time.monotonic() - began < 20
    assert groups[0] == groups[-1000]
    assert len(np.unique(groups)) == 100_000 - 1000 - 999


def test_copies_of_a_picture_are_near_and_others_are_not() -> None:
    def hashed(image: Image.Image) -> str:
        return str(imagehash.phash(image))

    pictures = [picture(n, (400, 300)) for n in range(20)]
    smaller = [p.resize((200, 150), Image.Resampling.LANCZOS) for p in pictures]
    first, second = (as_hashes([hashed(p) for p in some]) for some in (pictures, smaller))
    assert near_any(first, second).all()
    assert len(set(near_groups(first).tolist())) == 20
    assert not near_any(first, as_hashes([])).any()
