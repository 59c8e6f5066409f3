"""Markdown of somebody else's as HTML that may stand in our pages."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

# A page has one first heading, and sections of the second degree; what is put in goes below.
HIGHEST, LOWEST = 3, 6
_NO_WORD = re.compile(r"[^a-z0-9]+")


class _Renderer(RendererHTML):
    """Writes tables as our pages do, and links as text: a page leads nowhere outside itself."""

    def table_open(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        label = f"Table {sum(t.type == 'table_open' for t in tokens[: idx + 1])} of the text"
        return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n<table>\n'

    def table_close(
        self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        return "</table>\n</div>\n"

    def th_open(
        self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        return '<th scope="col">'

    def td_open(
        self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        return '<td class="text">'

    def link_open(
        self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        return ""

    def link_close(
        self, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType
    ) -> str:
        target = _target(tokens, idx)
        return f" (<code>{Markup.escape(target)}</code>)" if target else ""


def _target(tokens: Sequence[Token], close: int) -> str:
    """Return where the link that is closed here leads; nothing where its text says so already."""
    start = max(n for n in range(close) if tokens[n].type == "link_open")
    said = "".join(token.content for token in tokens[start + 1 : close])
    target = str(tokens[start].attrGet("href") or "")
    return "" if said == target else target


def _parser() -> MarkdownIt:
    # CommonMark and tables; raw HTML is shown as text, images are never fetched.
    made = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer)
    return made.enable("table").disable(["image", "html_block", "html_inline"])


def heading_id(text: str, prefix: str) -> str:
    """Return the id of a heading, letters and digits only."""
    return f"{prefix}-{_NO_WORD.sub('-', text.lower()).strip('-') or 'part'}"


def render_markdown(text: str, prefix: str = "card") -> Markup:
    """Return Markdown as HTML without scripts, styles, images or links.

    Headings stand below a section's own, and have ids. The title, a first heading of the first
    degree, is left out: the page has its own.

    Parameters
    ----------
    text
        CommonMark with tables.
    prefix
        What ids begin with.
    """
    parser = _parser()
    tokens = parser.parse(text)
    if tokens and tokens[0].type == "heading_open" and tokens[0].tag == "h1":
        tokens = tokens[3:]
    used: set[str] = set()
    for number, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(LOWEST, max(HIGHEST, int(token.tag[1:]) + 1))}"
        if token.type == "heading_open":
            name = heading_id(tokens[number + 1].content, prefix)
            while name in used:
                name += "-more"
            used.add(name)
            token.attrSet("id", name)
    # All text was escaped by the renderer.
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704
