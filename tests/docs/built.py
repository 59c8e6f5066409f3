"""The built site, read as a browser would: links, anchors, and what a page loads."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes by which a page loads something, and those by which it only leads somewhere.
LOADS = {"src", "srcset", "poster", "data", "manifest", "ping", "formaction"}
# Kinds of <link> that a browser fetches.
FETCHED = {"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "manifest"}


@dataclass
class Read(HTMLParser):
    """What a page holds."""

    path: Path
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what an element names."""
        values = {name: value or "" for name, value in attrs}
        self.ids.update(values[name] for name in ("id", "name") if values.get(name))
        self.loads += [values[name] for name in LOADS & values.keys() if tag != "meta"]
        if tag == "link" and FETCHED & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))
        if tag in ("a", "area") and "href" in values:
            self.links.append(values["href"])


def elsewhere(address: str) -> bool:
    """Tell whether an address leaves the site."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme in ("http", "https", "ws", "wss")


def target(page: Path, link: str) -> tuple[Path, str]:
    """Return the file and the anchor that a link of a page leads to."""
    parts = urlsplit(link)
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page.resolve()
    return file, unquote(parts.fragment)
