"""Keys and messages that others wrote are shown on terminals and pages, and never obeyed."""

import json
from contextlib import redirect_stderr
from html.parser import HTMLParser
from io import StringIO

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from aidetect import console as house
from aidetect.digest import digest
from aidetect.printable import printable, printable_lines
from aidetect.result_html import results_html
from aidetect.status.scoring import INCOMPLETE, _again
from aidetect.table import verdict_card, verdict_table
from tests.unit.aidetect.conftest import a_row

WIDE = 20_000
BRIEFLY = settings(max_examples=40, deadline=None)
TRAPS = (
    "[red]x[/red]",
    "[/]",
    "[link=https://evil.example]x[/link]",
    "x\\[bold]",
    "x\\",
    ":red_heart:",
    "a\x1b]0;pwn\x07",
    "\x9b31m",
    "a\r\nb\n{}",
    "\u202egpj.exe",
    "\u2066a\u2069\u200b",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "%s%n%00",
    "'; DROP TABLE results; --",
    "$(reboot)`reboot`",
    "\ud800half",
    "x" * 1024,
)
NAMES = st.sampled_from(TRAPS) | st.text(st.characters(), min_size=1, max_size=30)


def drawn(renderable: RenderableType) -> str:
    console = Console(width=WIDE, file=StringIO(), highlight=False)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


def is_plain(text: str) -> bool:
    """Whether a terminal only shows it: nothing invisible, nothing obeyed."""
    return all(char.isprintable() or char == "\n" for char in text)


@BRIEFLY
@given(NAMES)
def test_printable_is_one_line_that_says_what_was_there(name: str) -> None:
    shown = printable(name)
    assert shown.isprintable()
    shown.encode()
    assert name.isprintable() == (shown == name)
    assert printable_lines(f"{name}\n{name}").count("\n") == 1 + 2 * name.count("\n")


@BRIEFLY
@given(NAMES)
def test_tables_show_names(name: str) -> None:
    row = a_row("k", None).values() | {"image": name, "detail": name, "generator": name}
    row |= {"provenance": "generator_tag", "provenance_detail": json.dumps({"tag": name})}
    shown = printable(name)

    table, card = drawn(verdict_table(digest([row], 5))), drawn(verdict_card(row))

    assert is_plain(table)
    assert is_plain(card)
    assert table.count(shown.strip()) >= 2
    assert shown.strip() in card
    assert len(table.splitlines()) == len(
        drawn(verdict_table(digest([row | {"image": "k", "detail": "d"}], 5))).splitlines()
    )


@BRIEFLY
@given(name=NAMES)
def test_errors_show_names(name: str) -> None:
    stream = StringIO()
    # Not its ``file``: a console that was ever given one keeps to it, and is deaf to later tests.
    with redirect_stderr(stream), pytest.raises(typer.Exit):
        house.fail(f"nothing lies at {name}")
    assert stream.getvalue() == f"error nothing lies at {printable_lines(name)}\n"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, len(attrs)))


def tags_of(name: str) -> list[tuple[str, int]]:
    parser = _Tags()
    row = a_row("k", None).values() | {"image": name, "detail": name, "verdict": name}
    parser.feed(results_html([row], {name: 1}))
    return parser.tags


@BRIEFLY
@given(NAMES)
def test_a_notebook_shows_names(name: str) -> None:
    assert tags_of(name) == tags_of("k")


def test_a_command_to_copy_is_one_argument() -> None:
    asked = json.dumps({"prefix": "s3://b/$(reboot) '`x`;"})
    assert _again(INCOMPLETE, asked, "b") == """aidetect score 's3://b/$(reboot) '"'"'`x`;'"""
