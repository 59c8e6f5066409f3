"""What a page is made of, as a browser would read it."""

from html.parser import HTMLParser


class Page(HTMLParser):
    """Elements in order, with their attributes, and the text of all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.open: list[str] = []
        # Not as Markup, whose slices would escape what is added to them.
        self.feed(str(text))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def asks_nothing(page: Page) -> None:
    """Hold a page to what all our pages promise."""
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag in ("script", "iframe", "object", "embed", "link", "form", "base"):
        assert not page.all(tag), tag
    for tag, attributes in page.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        for name in ("src", "href", "xlink:href"):
            value = attributes.get(name, "data:")
            assert value.startswith(("data:image/jpeg;base64,", "data:")) or value[1:] in ids, value
    for attributes in page.all("th"):
        assert attributes.get("scope") in {"row", "col"}
    for attributes in page.all("img"):
        assert attributes.get("alt")
    for attributes in page.all("svg"):
        assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
