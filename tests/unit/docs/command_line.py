"""Command lines as the documentation writes them, and typer's own opinion of each."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.main import get_command

from aidetect.main import app

CHECKOUT = Path(__file__).resolve().parents[3]
PAGES = [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("**/*.md"))]

_FENCE = re.compile(r"^ *```[^\n]*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"`(aidetect(?:\s[^`]*)?)`")
# A prompt, and variables set for the one command, may stand before it.
_AT_PROMPT = re.compile(r"^\s*(?:\$ )?(?:[A-Z_]+=\S* )*(aidetect(?: .*)?)$")
_ENDS = frozenset({"|", ">", ">>", "&&", "||", ";", "&"})


@dataclass(frozen=True)
class Line:
    """A command line and the page it stands in; ``named`` in a sentence, or there to be typed."""

    page: str
    text: str
    named: bool = False


def lines_of(page: str, text: str) -> Iterator[Line]:
    """Yield the command lines of a Markdown text: in blocks, and in spans of code."""
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            found = _AT_PROMPT.match(line)
            if found:
                yield Line(page, found[1])
    for span in _SPAN.findall(_FENCE.sub("", text)):
        yield Line(page, " ".join(span.split()), named=True)


def all_lines() -> list[Line]:
    """Return every command line of the README and of the pages below docs/."""
    return [
        line
        for page in PAGES
        for line in lines_of(str(page.relative_to(CHECKOUT)), page.read_text(encoding="utf-8"))
    ]


def words(text: str) -> list[str]:
    """Split a line as a shell does, placeholders of a synopsis made plain.

    ``[--label real|ai]`` is read as if it were given, ``N`` as a number, a lone ``…`` as nothing.
    """
    if "[" in text:
        text = re.sub(r"\|[^\s\]]+", "", text).replace("[", "").replace("]", "")
    found: list[str] = []
    for word in shlex.split(text, comments=True):
        if word in _ENDS:
            break
        if word != "…" or found[-1].startswith("--"):
            found.append("1" if word == "N" else word)
    return found


def parse(text: str, *, named: bool = False) -> Any:
    """Let typer parse a line, without running it; return the command it names.

    Where a sentence only names a command, its arguments may be missing.

    Raises
    ------
    Exception
        Typer's usage error, if there is no such command or option, or a value is not allowed.
    """
    name, *arguments = words(text)
    assert name == "aidetect"
    command: Any = get_command(app)
    context: Any = None
    while True:
        # A group that is named alone shows its help, and so does this parse: fine, and no error.
        if hasattr(command, "commands") and (not arguments or arguments[0] in {"--help", "-h"}):
            return command
        if arguments in (["--version"], ["--help"], ["--install-completion"]):
            return command
        if named and not arguments:
            return command
        context = command.make_context(name, list(arguments), parent=context)
        if not hasattr(command, "commands"):
            return command
        rest = [*context._protected_args, *context.args]
        name, command, arguments = command.resolve_command(context, rest)
