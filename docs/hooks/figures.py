"""Diagrams: Mermaid in the text, where code hosts draw it; drawn beforehand for the site.

The usual way has every reader's browser fetch a program from a public server. Here each diagram is
drawn once, in light and dark, and kept beside the pages under a digest of its text. After changing
one: ``make figures``.
"""

import hashlib
import re

from docs.hooks.paths import CHECKOUT, FIGURES

MERMAID = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)
THEMES = ("light", "dark")


def digest(diagram: str) -> str:
    """Name a diagram by its text."""
    return hashlib.sha256(diagram.encode()).hexdigest()[:12]


def diagrams() -> dict[str, str]:
    """Return every diagram of the repository's Markdown, by its digest."""
    pages = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md"), *CHECKOUT.glob("local/*.md")]
    texts = [found[1] for page in sorted(pages) for found in MERMAID.finditer(page.read_text())]
    return {digest(text): text for text in texts}


def show(text: str, root: str) -> str:
    """Put the drawn diagrams into a page's text.

    Parameters
    ----------
    root
        The way from the page to the site's root, such as ``..``, or empty.

    Raises
    ------
    FileNotFoundError
        If a diagram was not drawn.
    """

    def image(found: re.Match[str]) -> str:
        name = digest(found[1])
        lines = []
        for theme in THEMES:
            drawn = FIGURES / f"{name}-{theme}.svg"
            if not drawn.is_file():
                raise FileNotFoundError(
                    f"a diagram is not drawn ({drawn.name}): run `make figures`"
                )
            src = f"{root}/figures/{drawn.name}".lstrip("/")
            lines.append(f"![Diagram]({src}#only-{theme}){{ .diagram }}")
        return "\n".join(lines)

    return MERMAID.sub(image, text)
