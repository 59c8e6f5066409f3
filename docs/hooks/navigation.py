"""The site's navigation, completed: what `mkdocs.yml` leaves open."""

from typing import Any

from docs.hooks.paths import DOCS


def complete(nav: list[Any]) -> list[Any]:
    """Return the navigation with folders told page by page.

    An entry that ends with a slash names a folder: its pages in order of their names, so that a new
    decision needs no entry of its own.
    """
    return [_entry(title, where) for one in nav for title, where in one.items()]


def _entry(title: str, where: Any) -> dict[str, Any]:
    if isinstance(where, list):
        return {title: complete(where)}
    if where.endswith("/"):
        pages = sorted((DOCS / where).glob("*.md"))
        return {title: [page.relative_to(DOCS).as_posix() for page in pages]}
    return {title: where}
