"""Metric lines are what SageMaker's definitions find."""

import io
import re
from pathlib import Path

import pytest

from tests.unit.training.track.clock import Clock
from training.track.lines import Lines, definition


@pytest.mark.parametrize(
    ("value", "read"),
    [(0.1234, 0.1234), (1e-7, 1e-7), (-2.5, -2.5), (3e12, 3e12), (7, 7.0), (0.0, 0.0)],
)
def test_the_definition_finds_the_value(value: float, read: float) -> None:
    stream = io.StringIO()
    Lines(stream, clock=Clock()).log(3, {"train/loss": value, "train/loss_smooth": 9.0})
    found = re.findall(definition("train/loss")["Regex"], stream.getvalue())
    assert [float(text) for text in found] == [pytest.approx(read)]
    assert definition("train/loss")["Name"] == "train/loss"


def test_the_documented_definition_is_the_one_that_is_used() -> None:
    document = Path(__file__).parents[4] / "docs" / "tracking.md"
    assert f'"Regex": "{definition("train/loss")["Regex"]}"' in document.read_text()


def test_what_is_no_number_is_not_found() -> None:
    stream = io.StringIO()
    Lines(stream, clock=Clock()).log(3, {"train/loss": float("nan")})
    assert stream.getvalue().startswith("metric train/loss=nan\n")
    assert not re.search(definition("train/loss")["Regex"], stream.getvalue())


def test_at_most_one_set_a_second_and_the_last() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock=clock)
    for step in range(100):
        lines.log(step, {"train/loss": step / 100})
        clock.wait(0.1)
    lines.finish({"auc": 0.9})
    losses = re.findall(definition("train/loss")["Regex"], stream.getvalue())
    assert len(losses) == 11
    assert losses[-1] == "0.99"
    assert "metric auc=0.9\n" in stream.getvalue()
    assert "metric step=99\n" in stream.getvalue()
