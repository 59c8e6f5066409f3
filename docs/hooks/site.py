"""Hooks of mkdocs: pages brought from elsewhere, blocks made from code, links, diagrams."""

import posixpath
import re

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.hooks import blocks, figures, links, navigation
from docs.hooks.paths import BROUGHT, source_of

# Docstrings name things in the roles of reStructuredText, which Markdown shows as they are.
ROLE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):<code>~?(.*?)</code>")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Complete the navigation."""
    config.nav = navigation.complete(config.nav or [])
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring the pages whose one place is elsewhere in the repository."""
    for page in BROUGHT:
        files.append(File.generated(config, page, content=source_of(page).read_text()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, **_: object) -> str:
    """Make what the page leaves to be made, and links that hold in the site."""
    path = page.file.src_uri
    root = posixpath.relpath(".", posixpath.dirname(path) or ".")
    text = figures.show(blocks.fill(markdown), "" if root == "." else root)
    return links.resolve(path, text, str(config.extra.get("source", "")))


def on_page_content(html: str, **_: object) -> str:
    """Show the roles of docstrings as code."""
    return ROLE.sub(r"<code>\1</code>", html)


def on_post_page(output: str, **_: object) -> str:
    """Give the theme's search, a dialog, the name that screen readers read out."""
    return output.replace('role="dialog"', 'role="dialog" aria-label="Search"', 1)
