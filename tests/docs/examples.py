"""Code blocks of the documentation, found and told apart."""

import re
from dataclasses import dataclass
from pathlib import Path

from docs.hooks.paths import CHECKOUT, DOCS

BLOCK = re.compile(
    r"(?:<!-- not run: (?P<why>[^\n]*?) -->\n)?"
    r"^(?P<indent> *)```(?P<kind>python|pycon|sql)[^\n]*\n(?P<code>.*?)^(?P=indent)```",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Example:
    """A block, where it stands, and why it is not run (empty: it is)."""

    page: Path
    line: int
    kind: str
    code: str
    why: str

    @property
    def name(self) -> str:
        """Name it as an editor would."""
        return f"{self.page.relative_to(CHECKOUT)}:{self.line}"


def examples(kind: str) -> list[Example]:
    """Return all blocks of a kind."""
    found = []
    for page in sorted([CHECKOUT / "README.md", *DOCS.glob("**/*.md")]):
        text = page.read_text()
        for block in BLOCK.finditer(text):
            if block["kind"] == kind:
                line = text.count("\n", 0, block.start("code"))
                indent = block["indent"]
                code = re.sub(rf"^{indent}", "", block["code"], flags=re.MULTILINE)
                found.append(Example(page, line, kind, code, block["why"] or ""))
    return found
