"""A log gets a line now and then; a terminal gets a bar."""

import io

from tests.unit.training.track.clock import Clock
from training.track.bar import Bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(total: int, seconds: float, stream: io.StringIO) -> list[str]:
    clock = Clock()
    with Bar(stream, clock=clock) as bar:
        for done in range(total + 1):
            bar("Reading images", done, total)
            clock.wait(seconds / total)
    return stream.getvalue().splitlines()


def test_a_quick_stage_says_one_line() -> None:
    assert run(1000, 5, io.StringIO()) == ["Reading images: 1000 of 1000 (100%) after 5 s"]


def test_a_minute_is_a_line_in_ten_seconds() -> None:
    lines = run(1000, 60, io.StringIO())
    assert 5 <= len(lines) <= 7


def test_hours_are_a_line_in_a_share_or_two_minutes() -> None:
    lines = run(10_000, 2000, io.StringIO())
    assert 20 <= len(lines) <= 21
    assert 20 <= len(run(10_000, 36_000, io.StringIO())) <= 36_000 / 120 + 1


def test_a_stage_that_stands_still_says_nothing_new() -> None:
    stream, clock = io.StringIO(), Clock()
    with Bar(stream, clock=clock) as bar:
        for _ in range(100):
            bar("Packing", 3, 0)
            clock.wait(10)
    assert stream.getvalue() == "Packing: 3 after 10 s\n"


def test_the_next_count_begins_anew() -> None:
    stream, clock = io.StringIO(), Clock()
    with Bar(stream, clock=clock) as bar:
        for what in ("One", "Two"):
            for done in range(3):
                bar(what, done, 2)
                clock.wait(20)
    assert stream.getvalue().splitlines()[-1] == "Two: 2 of 2 (100%) after 40 s"


def test_a_terminal_gets_a_bar_and_is_left_in_order() -> None:
    stream = Terminal()
    lines = run(50, 10, stream)
    text = "\n".join(lines)
    assert "Reading images" in text
    assert "50/50" in text
    # The cursor, hidden while the bar moves, is shown again.
    assert text.rstrip().endswith("\x1b[?25h")
