"""Which images evidence is kept of: few, the most telling, the same in whatever order they come."""

import random
from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_inference.decoding import Decoded, Facts
from batch_inference.evidence import (
    Rank,
    Selection,
    Tier,
    evidence_of,
    most_of_chunk,
    most_of_part,
    rank_of,
)
from detector.evidence import MAX_IMAGES, MIN_PER_CHUNK, Evidence
from detector.plan import BatchPlan, DetectorRef, Lane
from detector.reason import Reason
from detector.row import ResultRow
from detector.verdict import Decision, Verdict

DECISION = Decision(threshold=0.7, unsure_from=0.4)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def row(number: int, probability: float, provenance: str | None = None) -> ResultRow:
    return ResultRow(
        image=f"s3://b/{number}", bucket="b", key=str(number), entry=number,
        verdict=DECISION.verdict(probability), probability=probability, detector="tiny@1",
        lane="batch", scored_at=NOW, provenance=provenance,
    )  # fmt: skip


def plan(entries: int, *, evidence_images: int = MAX_IMAGES, chunk_size: int = 1000) -> BatchPlan:
    return BatchPlan(
        batch="b", run_date="2026-01-02", started_at="2026-01-02T00:00:00+00:00", bucket="r",
        lane=Lane.BATCH, entries=entries, chunk_size=chunk_size, shards=(),
        detector=DetectorRef(bucket="m", name="tiny", version="1"),
        evidence_images=evidence_images,
    )  # fmt: skip


def kept(rows: list[ResultRow], most: int) -> list[str]:
    selection = Selection(most)
    for each in rows:
        rank = rank_of(each, DECISION)
        if selection.wants(rank):
            selection.add(rank, Evidence(each.image))
    return [evidence.image for evidence in selection.take()]


def numbers(images: list[str]) -> list[int]:
    return sorted(int(image.rpartition("/")[2]) for image in images)


def test_unsure_ones_nearest_to_the_threshold_come_first() -> None:
    near = [row(n, 0.69 - n / 100) for n in range(20)]
    assert numbers(kept(near, 5)) == [0, 1, 2, 3, 4]


def test_claims_come_before_silence() -> None:
    silent = [row(n, 0.1) for n in range(200)]
    assert numbers(kept([*silent, row(900, 0.1, "iptc_ai"), row(901, 0.1, "c2pa")], 5))[-2:] == [
        900,
        901,
    ]


def test_no_verdict_takes_all_the_places() -> None:
    rows = [row(n, p) for n, p in enumerate([0.6] * 500 + [0.9] * 400 + [0.1] * 100)]
    tiers = Counter(rows[n].verdict for n in numbers(kept(rows, 5)))
    assert tiers == {Verdict.UNSURE: 3, Verdict.AI: 1, Verdict.REAL: 1}
    # Where there is only one kind, it has them all.
    assert len(kept(rows[:500], 5)) == len(kept(rows[500:900], 5)) == 5
    assert len(kept([*rows[:1], *rows[500:502]], 5)) == 3


probabilities = st.sampled_from([0.05, 0.2, 0.41, 0.5, 0.699, 0.7, 0.9])


@given(
    st.lists(st.tuples(probabilities, st.sampled_from([None, "c2pa"])), max_size=40),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
def test_the_choice_does_not_depend_on_the_order(
    images: list[tuple[float, str | None]], most: int, chance: random.Random
) -> None:
    rows = [row(n, *image) for n, image in enumerate(images)]
    chosen = kept(rows, most)
    assert len(chosen) == min(most, len(rows))
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    assert kept(shuffled, most) == chosen


def test_what_is_held_is_bounded_and_what_is_not_wanted_is_never_made() -> None:
    selection, made = Selection(10), 0
    for number in range(5000):
        rank = rank_of(row(number, 0.1), DECISION)
        if selection.wants(rank):
            made += 1
            selection.add(rank, Evidence(str(number)))
        assert sum(map(len, selection._tiers.values())) <= 10
    # About 10 (1 + ln(5000 / 10)) for an order that is as good as random.
    assert 10 <= made < 150
    assert len(selection.take()) == 10
    assert selection.take() == []


def test_one_image_twice_is_no_trouble() -> None:
    selection, rank = Selection(3), Rank(Tier.AI, True, 0.0, 7)
    for _ in range(5):
        selection.add(rank, Evidence("s3://b/twice"))
    assert len(selection.take()) == 3


def test_names_that_are_no_utf8_have_their_lot() -> None:
    odd = row(1, 0.1)
    object.__setattr__(odd, "image", "s3://b/\udcff")
    assert rank_of(odd, DECISION).tier is Tier.REST


def test_a_row_without_a_verdict_is_of_the_rest() -> None:
    failed = ResultRow(
        image="i", bucket="b", key="k", entry=0, verdict=Verdict.ERROR, reason=Reason.NOT_SCORED,
        detector="tiny@1", lane="batch", scored_at=NOW,
    )  # fmt: skip
    assert rank_of(failed, DECISION).tier is Tier.REST


def test_a_batch_keeps_about_as_many_as_it_may() -> None:
    for entries in (1, 999, 5000, 5001, 60_000, 1_000_000):
        chunks = -(-entries // 1000)
        total = min(entries, most_of_chunk(plan(entries)) * chunks)
        assert total <= MAX_IMAGES + chunks
        assert total >= min(entries, MAX_IMAGES)


@pytest.mark.parametrize("entries", [1, 3, 100, 4000, 1_000_000])
def test_archives_have_one_entrys_share_however_many_members_they_hold(entries: int) -> None:
    parts = [most_of_part(plan(entries), sequence) for sequence in range(1000)]
    assert parts == sorted(parts, reverse=True)
    assert sum(parts) * entries <= MAX_IMAGES + entries * 1000 * MIN_PER_CHUNK
    assert min(parts) == MIN_PER_CHUNK
    assert entries > 1 or parts[:6] == [1000] * 5 + [MIN_PER_CHUNK]


def test_none_are_kept_where_none_are_wanted() -> None:
    none = plan(10, evidence_images=0)
    assert most_of_chunk(none) == most_of_part(none, 0) == 0
    assert kept([row(1, 0.6)], 0) == []
    # Chunks that are smaller than what each shows at the least.
    assert most_of_part(plan(10_000, chunk_size=2), 9) == 2


def test_a_map_that_is_none_costs_the_map_alone(caplog: pytest.LogCaptureFixture) -> None:
    small = np.zeros((3, 4, 3), np.uint8)
    decoded = Decoded(Facts(), thumbnail=small, crop=(0, 0, 1, 1))
    whole = evidence_of("i", decoded, np.eye(3, dtype=np.float32))
    assert whole.heat is not None
    assert (whole.heat.side, whole.heat.peak) == (3, 1.0)
    with caplog.at_level("WARNING"):
        without = evidence_of("i", decoded, np.zeros((3, 4), np.float32))
    assert (without.heat, without.thumbnail) == (None, whole.thumbnail)
    assert "heat map not kept" in caplog.text
    assert evidence_of("i", Decoded(Facts()), None) == Evidence("i")
