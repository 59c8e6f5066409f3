"""Calibration, decision, rows and counts."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from detector.calibration import Calibration
from detector.reason import ImageError, Reason
from detector.row import COLUMNS, MAX_DETAIL, PARTITION_COLUMNS, ResultRow
from detector.summary import Counts
from detector.verdict import Decision, Verdict

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BAND = Decision(threshold=0.7, unsure_from=0.4)


def row(**fields: object) -> ResultRow:
    base: dict[str, object] = {
        "image": "s3://b/k",
        "bucket": "b",
        "key": "k",
        "entry": 0,
        "verdict": Verdict.REAL,
        "probability": 0.1,
        "detector": "d@1",
        "lane": "express",
        "scored_at": NOW,
    }
    return ResultRow(**(base | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [
        (0.0, Verdict.REAL),
        (0.3999, Verdict.REAL),
        (0.4, Verdict.UNSURE),
        (0.6999, Verdict.UNSURE),
        (0.7, Verdict.AI),
        (1.0, Verdict.AI),
    ],
)
def test_bands(probability: float, verdict: Verdict) -> None:
    assert BAND.verdict(probability) is verdict


def test_bands_must_be_ordered() -> None:
    with pytest.raises(ValidationError, match="unsure_from"):
        Decision(threshold=0.3, unsure_from=0.4)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_calibration_is_monotonic_and_bounded(a: float, b: float) -> None:
    calibration = Calibration(slope=2.0, intercept=-1.0)
    low, high = sorted((a, b))
    assert 0 <= calibration.probability(low) <= calibration.probability(high) <= 1


def test_calibration_is_platt_scaling() -> None:
    expected = 1 / (1 + math.exp(-(2.0 * 0.3 - 1.0)))
    assert Calibration(slope=2.0, intercept=-1.0).probability(0.3) == pytest.approx(expected)


@pytest.mark.parametrize(
    "fields",
    [
        {"probability": None},
        {"reason": Reason.BOMB},
        {"verdict": Verdict.ERROR},
        {"verdict": Verdict.ERROR, "reason": Reason.BOMB},
        {"verdict": Verdict.ERROR, "probability": None},
    ],
)
def test_a_row_is_a_verdict_or_an_error(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a row is a verdict"):
        row(**fields)


def test_row_values_follow_the_columns() -> None:
    values = row(
        verdict=Verdict.ERROR, probability=None, reason=Reason.BOMB, detail="x" * 999
    ).values()
    assert list(values) == [column.name for column in COLUMNS]
    assert values["verdict"] == "error"
    assert values["reason"] == "bomb"
    assert values["detail"] == "x" * MAX_DETAIL


def test_half_of_a_surrogate_pair_is_stored_as_something_readable() -> None:
    values = row(key="a\ud800.jpg", member="b\udcff.jpg").values()
    assert (values["key"], values["member"]) == ("a?.jpg", "b?.jpg")
    assert all(not isinstance(value, str) or value.encode() for value in values.values())


def test_columns_are_unique_and_explained() -> None:
    columns = (*COLUMNS, *PARTITION_COLUMNS)
    assert len({c.name for c in columns}) == len(columns)
    assert all(c.meaning.endswith(".") for c in columns)


def test_every_reason_has_a_sentence() -> None:
    assert all(reason.sentence for reason in Reason)
    assert ImageError(Reason.BOMB).detail == Reason.BOMB.sentence
    assert "9 GB" in str(ImageError(Reason.BOMB, "9 GB"))


def test_counts_add_up() -> None:
    one = Counts.of([(Verdict.AI, None), (Verdict.ERROR, Reason.BOMB)])
    two = Counts.of([(Verdict.AI, None)])
    total = one + two
    assert total.rows == 3
    assert total.verdicts == {Verdict.AI: 2, Verdict.ERROR: 1}
    assert total.reasons == {Reason.BOMB: 1}
    assert Counts() + one == one
