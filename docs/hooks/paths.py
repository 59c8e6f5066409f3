"""Where the documentation and what it is made from lie."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DOCS = CHECKOUT / "docs"
FIGURES = DOCS / "figures"
# Pages of the site whose one place is elsewhere in the repository, by their path in the site.
BROUGHT: dict[str, str] = {
    "architecture.md": "ARCHITECTURE.md",
    "benchmarks.md": "benchmarks/README.md",
    "changelog.md": "CHANGELOG.md",
    "local-differences.md": "local/DIFFERENCES.md",
    "security.md": "SECURITY.md",
    "model-card.md": "training/embedded_data/MODEL_CARD.md",
}


def source_of(page: str) -> Path:
    """Return the file that a page of the site is written in."""
    return CHECKOUT / BROUGHT[page] if page in BROUGHT else DOCS / page
