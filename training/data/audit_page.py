"""The audit as one self-contained page for people. All names in it are hostile text."""

from dataclasses import dataclass

from markupsafe import Markup

from detector.evaluation import Label
from training.data import audit_plots as plots
from training.data.audit import SHORTCUT_AUC, Audit
from training.data.audit_template import TEMPLATE
from training.page.base import render_page

LINKS = (
    ("sources", "Sources"),
    ("shortcut", "What gives the class away"),
    ("copies", "Copies and leaks"),
    ("rejected", "Files left out"),
)


@dataclass(frozen=True)
class Verdict:
    """Whether the dataset can be trained on, in a word and a sentence; ``mood`` is its colour."""

    mood: str
    short: str
    text: str


def verdict(found: Audit) -> Verdict:
    """Say whether the dataset can be trained on."""
    if found.errors:
        return Verdict("bad", "not usable", "Put right what is marked as an error; training is "
                       "refused until then.")  # fmt: skip
    if not all(found.classes.values()):
        return Verdict("bad", "not usable", "A detector learns from both classes.")
    if found.warnings:
        count = len(found.warnings)
        words = "a warning that belongs" if count == 1 else f"{count} warnings that belong"
        return Verdict("warn", "usable", f"With {words} into the model card.")
    return Verdict("good", "good", "Nothing was found that speaks against training on it.")


def render(found: Audit) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    found
        The audit; its names and texts are escaped.
    """
    return render_page(
        TEMPLATE,
        title=f"Dataset audit: {plots.shown_name(found.name)}",
        audit=found,
        headline=f"{found.name}: {found.images:,} images of {len(found.sources)} sources",
        verdict=verdict(found),
        size=_size(found.bytes),
        balance=_balance(found),
        sources_by_class=_sources_by_class(found),
        shortcut_limit=SHORTCUT_AUC,
        links=LINKS,
        copies=_copies(found),
        **_figures(found),
    )


def _figures(found: Audit) -> dict[str, object]:
    more = len(found.sources) - plots.MOST_SOURCES
    caption = "Paler parts are kept for the test." if any(
        group.split == "test" for group in found.groups
    ) else "The split is still open: whole sources will be held out for the test."  # fmt: skip
    if more > 0:
        caption += f" The {plots.MOST_SOURCES} largest; {more} more are in the table."
    measured: list[tuple[Markup, str]] = []
    if found.sizes:
        measured = [
            (plots.sizes(found, "long_side", "long side in pixels"),
             "Long side: dot for the median, box for the middle half, line for 90%."),
            (plots.sizes(found, "bytes_per_pixel", "bytes per pixel"),
             "Bytes per pixel: how strongly the images are compressed."),
        ]  # fmt: skip
    return {
        "sources_plot": plots.sources(found),
        "sources_caption": caption,
        "shortcut_plot": plots.shortcut(found),
        "formats_plot": plots.formats(found),
        "size_plots": measured,
    }


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def _balance(found: Audit) -> str:
    counts = sorted(found.classes.values())
    if not counts or not counts[0]:
        return "one class only"
    return f"{counts[-1] / counts[0]:.1f} to 1"


def _sources_by_class(found: Audit) -> str:
    by_class = {label: len({g.source for g in found.groups if g.label is label}) for label in Label}
    return f"{by_class[Label.REAL]} of real, {by_class[Label.AI]} of AI images"


def _copies(found: Audit) -> list[tuple[str, str]]:
    near = found.near
    return [
        ("Exact copies", f"{found.duplicates:,} left out"),
        ("Near-duplicates", f"{near.images:,} images in {near.groups:,} groups (perceptual hashes "
         "that differ in at most 4 of 64 bits)"),
        ("… of both classes", f"{near.between_classes:,} groups"),
        ("… of several sources", f"{near.between_sources:,} groups"),
        ("… in train and test", f"{near.between_splits:,} images of train"
         + (f"; {found.dropped:,} were left out of train" if found.dropped else "")),
        ("Leaking sources", f"{len(found.leaks)}"),
    ]  # fmt: skip
