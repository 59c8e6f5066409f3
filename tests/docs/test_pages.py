"""Pages say what the code says, and lead to files that are there."""

import ast
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from docs.hooks import blocks, figures, links
from docs.hooks.paths import BROUGHT, CHECKOUT, DOCS, FIGURES
from docs.hooks.reference.cli import commands
from docs.hooks.table import cell, code

PAGES = sorted(
    [*DOCS.glob("**/*.md"), *(CHECKOUT / name for name in ("README.md", *BROUGHT.values()))]
)
LINK = re.compile(r"\]\(([^()\s]+)\)")
WILD = "…"


def prose(page: Path) -> str:
    return "".join(text for code, text in links.outside_fences(page.read_text()) if not code)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(CHECKOUT).as_posix())
def test_links_hold_in_the_repository(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    for link in LINK.findall(text):
        parts = urlsplit(link)
        if not parts.scheme and parts.path:
            assert (page.parent / parts.path).exists(), f"{page.name} links {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(CHECKOUT).as_posix())
def test_kept_blocks_are_up_to_date(page: Path) -> None:
    text = page.read_text()
    assert blocks.fill(text, every=False) == text, "run `make docs` and commit what it changes"


def test_every_diagram_is_drawn_and_no_other() -> None:
    wanted = {f"{name}-{theme}.svg" for name in figures.diagrams() for theme in figures.THEMES}
    assert wanted == {path.name for path in FIGURES.glob("*.svg")}, "run `make figures`"


def test_make_targets_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        shell = "\n".join(re.findall(r"```bash\n(.*?)```", page.read_text(), re.DOTALL))
        named = set(re.findall(r"^\s*make ([a-z-]+)", shell, re.MULTILINE))
        assert named <= targets, page.name


def test_the_first_steps_are_the_readmes() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    start = (DOCS / "start.md").read_text()
    steps = re.findall(r"^(?:make demo|\S*aidetect report).*$", readme, re.MULTILINE)
    assert len(steps) == 3
    assert all(f"\n{step}\n" in start for step in steps)


@cache
def sentences() -> str:
    """Return every text of the code, what is filled in shown as a wild card."""
    found = []
    for folder in ("aidetect", "local", "functions", "training", "detector", "batch_inference"):
        for path in (CHECKOUT / folder).glob("**/*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    parts = [p.value if isinstance(p, ast.Constant) else WILD for p in node.values]
                    found.append("".join(map(str, parts)))
    return "\n".join(found)


def test_errors_are_quoted_as_the_code_says_them() -> None:
    text = (DOCS / "troubleshooting.md").read_text()
    quoted = re.findall(r"^### `([^`]*)`$", text, re.MULTILINE)
    assert len(quoted) >= 6
    for error in quoted:
        parts = [re.escape(part.strip()) for part in error.split(WILD) if part.strip()]
        assert re.search(".*".join(parts), sentences()), error


def test_commands_are_all_found() -> None:
    words = [name for name, _ in commands()]
    assert {"aidetect score", "aidetect local up", "aidetect dataset audit"} <= set(words)
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("deploy.md", "[a](results.md#read-them)", "[a](results.md#read-them)"),
        ("decisions/002-network.md", "[a](../results.md)", "[a](../results.md)"),
        ("deploy.md", "[a](../ARCHITECTURE.md)", "[a](architecture.md)"),
        ("decisions/002-network.md", "[a](../../CHANGELOG.md)", "[a](../changelog.md)"),
        ("architecture.md", "[a](docs/results.md)", "[a](results.md)"),
        ("architecture.md", "[d](docs/decisions)", "d"),
        ("image.md", "[the `Dockerfile`](../Dockerfile)", "the `Dockerfile`"),
        ("image.md", "[gone](../no-such-file)", "[gone](../no-such-file)"),
        ("image.md", "[out](../../../etc/passwd)", "[out](../../../etc/passwd)"),
        ("image.md", "[w](https://example.org/x)", "[w](https://example.org/x)"),
        ("image.md", "`[a](../Dockerfile)`", "`[a](../Dockerfile)`"),
        ("image.md", "```\n[a](../Dockerfile)\n```\n", "```\n[a](../Dockerfile)\n```\n"),
    ],
)
def test_links_become_those_of_the_site(page: str, text: str, expected: str) -> None:
    assert links.resolve(page, text) == expected


def test_files_of_a_known_repository_are_linked() -> None:
    shown = links.resolve("image.md", "[a](../Dockerfile)", "https://example.org/tree/main/")
    assert shown == "[a](https://example.org/tree/main/Dockerfile)"


def test_a_diagram_that_is_not_drawn_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="make figures"):
        figures.show("```mermaid\nflowchart LR\n  a --> never drawn\n```\n", "")


def test_cells_hold_hostile_text() -> None:
    assert cell("a|b\n<script>") == "a\\|b &lt;script>"
    assert code("a|<b>") == "<code>a&#124;&lt;b&gt;</code>"
    assert code("a\nb") == "`a b`"
    assert code("") == ""
