"""The verdicts a person reads."""

import pytest
from rich.console import Console, RenderableType

from aidetect.digest import digest
from aidetect.table import printable, verdict_card, verdict_table
from tests.unit.aidetect.conftest import a_row


def drawn(renderable: RenderableType) -> str:
    console = Console(width=160, record=True, file=None)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def test_ai_first_and_totals_last() -> None:
    rows = [a_row("broken.jpg", None).values(), a_row("low.jpg", 0.71).values()]
    rows.append(a_row("high.jpg", 0.99).values())
    lines = drawn(verdict_table(digest(rows, 50), prefix="s3://intake/")).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["high.jpg", "low.jpg", "broken.jpg"]
    assert "0.99" in lines[1]
    assert "JPEG 640x480" in lines[1]
    assert "bomb: 9 GB" in lines[3]
    assert lines[-1] == "3 images: 2 ai, 1 error"


def test_long_tables_say_what_they_leave_out() -> None:
    text = drawn(verdict_table(digest([a_row(f"{n}.jpg").values() for n in range(9)], 4)))
    assert "… and 5 more rows" in text
    assert "9 images: 9 ai" in text


@pytest.mark.parametrize("key", ["[red]x[/red].jpg", "[/].jpg", "a\x1b]0;pwn\x07.jpg", "a\nb.jpg"])
def test_hostile_names_are_shown_not_obeyed(key: str) -> None:
    text = drawn(verdict_table(digest([a_row(key).values()], 50), prefix="s3://intake/"))
    assert printable(key) in text
    assert "\x1b]" not in text
    assert "\x07" not in text


def test_card_of_a_verdict() -> None:
    text = drawn(verdict_card(a_row("a.jpg", 0.5).values()))
    assert "0.5000" in text
    assert "reason" not in text


def test_card_of_an_error_says_what_to_do() -> None:
    text = drawn(verdict_card(a_row("a.jpg", None).values()))
    assert "decompression bomb" in text
    assert "\x1b[31m" not in text
