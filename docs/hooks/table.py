"""Markdown tables."""

import html
from collections.abc import Iterable, Sequence


def cell(text: object) -> str:
    """Return a text as one cell: no line ends, no bar that would end it, no HTML."""
    line = " ".join(str(text).split())
    return line.replace("|", "\\|").replace("<", "&lt;")


def code(text: object) -> str:
    """Return a text as code in a cell; nothing for nothing."""
    line = " ".join(str(text).split())
    if "|" in line:
        # In backticks an escaped bar is shown with its backslash by some renderers.
        return f"<code>{html.escape(line).replace('|', '&#124;')}</code>"
    return f"`{line}`" if line else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells."""
    lines = ["| " + " | ".join(line) + " |" for line in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])
