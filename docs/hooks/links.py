"""Links that hold on a repository's pages, made to hold on the site."""

import posixpath
import re
from pathlib import Path

from docs.hooks.paths import BROUGHT, CHECKOUT, source_of

FENCE = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.DOTALL | re.MULTILINE)
# A link in text: [what](where); where holds no space. Code spans are not looked into.
LINK = re.compile(r"(`[^`\n]*`)|(?<!!)\[((?:[^\[\]`]|`[^`\n]*`)*)\]\(([^()\s]+)\)")
PAGES = {str(CHECKOUT / source): page for page, source in BROUGHT.items()}


def outside_fences(text: str) -> list[tuple[bool, str]]:
    """Cut a text into pieces, each told to be code (True) or prose (False)."""
    pieces, at = [], 0
    for fence in FENCE.finditer(text):
        pieces += [(False, text[at : fence.start()]), (True, fence[0])]
        at = fence.end()
    return [*pieces, (False, text[at:])]


def resolve(page: str, text: str, repository: str = "") -> str:
    """Turn a page's links to files of the repository into links of the site.

    A link to another page stays one, also where that page is brought from elsewhere. A link to a
    file that is no page leads to the repository, or becomes its text where the site does not know
    of one. A link to nothing is left as it is, so that a strict build reports it.

    Parameters
    ----------
    page
        The page's path in the site, such as ``decisions/002-network.md``.
    text
        Its Markdown.
    repository
        Address under which files of the repository are shown; empty for none.
    """

    def change(link: re.Match[str]) -> str:
        code, shown, target = link[1], link[2], link[3]
        if code or re.match(r"[a-z][a-z0-9+.-]*:|#", target):
            return link[0]
        path, mark, anchor = target.partition("#")
        file = Path(posixpath.normpath(posixpath.join(source_of(page).parent.as_posix(), path)))
        if not file.exists() or not file.is_relative_to(CHECKOUT):
            return link[0]
        if found := _page_of(file):
            near = posixpath.relpath(found, posixpath.dirname(page) or ".")
            return f"[{shown}]({near}{mark}{anchor})"
        if repository:
            name = file.relative_to(CHECKOUT).as_posix()
            return f"[{shown}]({repository.rstrip('/')}/{name})"
        return shown

    return "".join(
        piece if code else LINK.sub(change, piece) for code, piece in outside_fences(text)
    )


def _page_of(file: Path) -> str | None:
    if str(file) in PAGES:
        return PAGES[str(file)]
    docs = CHECKOUT / "docs"
    inside = file.is_relative_to(docs) and file.is_file() and "hooks" not in file.parts
    return file.relative_to(docs).as_posix() if inside else None
