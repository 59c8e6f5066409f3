"""The site builds without a warning, is whole, and asks nothing of the network."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import aidetect
from docs.hooks.navigation import complete
from docs.hooks.paths import BROUGHT, CHECKOUT, DOCS
from tests.docs.built import Read, elsewhere, target


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Read]:
    return {path.resolve(): Read(path) for path in sorted(site.glob("**/*.html"))}


def leaves(nav: list[Any]) -> Iterator[str]:
    for entry in nav:
        for where in entry.values() if isinstance(entry, dict) else [entry]:
            yield from leaves(where) if isinstance(where, list) else [where]


def test_every_page_is_in_the_navigation_once(pages: dict[Path, Read], site: Path) -> None:
    text = (CHECKOUT / "mkdocs.yml").read_text()
    listed = list(leaves(complete(yaml.safe_load(text)["nav"])))
    written = {p.relative_to(DOCS).as_posix() for p in DOCS.glob("**/*.md")} | set(BROUGHT)
    assert len(listed) == len(set(listed))
    assert written == set(listed)
    built = {p.relative_to(site).with_suffix(".md").as_posix() for p in pages} - {"404.md"}
    assert built == written


def test_every_link_and_anchor_leads_somewhere(pages: dict[Path, Read]) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if elsewhere(link) or link.startswith(("mailto:", "javascript:")):
                continue
            # The page of errors is served from anywhere, so its links begin at the root.
            if path.name == "404.html" and link.startswith("/"):
                continue
            file, anchor = target(path, link)
            known = pages[file].ids if file in pages else set()
            if not file.is_file() or (anchor and anchor not in known | {"__top"}):
                broken.append(f"{path.name}: {link}")
    assert broken == []
    assert sum(len(page.links) for page in pages.values()) > 500


def test_pages_load_nothing_from_elsewhere(pages: dict[Path, Read], site: Path) -> None:
    assert [
        (p.name, address) for p, page in pages.items() for address in page.loads
        if elsewhere(address)
    ] == []  # fmt: skip
    for path, page in pages.items():
        for address in page.loads:
            if path.name != "404.html" and not address.startswith("data:"):
                assert target(path, address)[0].is_file(), f"{path.name} loads {address}"
    for style in site.glob("**/*.css"):
        found = re.findall(r"(?:url\(|@import)\s*['\"]?(https?:|//)", style.read_text())
        assert found == [], style


def test_diagrams_are_drawn(site: Path) -> None:
    text = (site / "architecture.html").read_text()
    assert text.count('class="diagram"') == 4
    assert "flowchart" not in re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_references_are_made_from_the_code(site: Path) -> None:
    def plain(name: str) -> str:
        return re.sub(r"<[^>]+>", "", (site / "reference" / name).read_text())

    assert "aidetect dataset import" in plain("cli.html")
    assert "--recipe" in plain("cli.html")
    assert "BatchingWindowSeconds" in plain("template.html")
    assert "scored_at" in plain("rows.html")
    assert "aidetect.scoring-completed/1" in plain("contracts.html")
    described = Read(site / "reference" / "python.html").ids
    for name in aidetect.__all__:
        assert any(found.endswith(f".{name}") for found in described), name
    assert ":class:" not in plain("python.html")
