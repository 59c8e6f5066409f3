"""The page of two detectors side by side."""

from collections.abc import Iterable, Sequence

from detector.evaluation import Label, VariantResult
from training.comparing import SourcePair, compare
from training.dossier import Dossier
from training.page.base import render_page
from training.page.comparison_template import TEMPLATE
from training.page.ladder_plot import two_ladders
from training.page.training_report import TITLES

LINKS = (
    ("headline", "Headline"),
    ("sources", "Source by source"),
    ("ladder", "Degradations"),
    ("differences", "What they are"),
)
UP, DOWN, LEVEL = "\u25b2", "\u25bc", "\u25cf"


def render_comparison(first: Dossier, second: Dossier) -> str:
    """Return the page as HTML; all names put in are taken for hostile.

    Parameters
    ----------
    first
        What there is, for example the champion.
    second
        What might take its place.
    """
    found = compare(first, second)
    text, feeling = found.verdict
    shown = {"ladder": bool(found.ladder), "sources": bool(found.sources)}
    return render_page(
        TEMPLATE,
        title=f"{found.second} beside {found.first}",
        found=found,
        text=text,
        feeling=feeling,
        links=[link for link in LINKS if shown.get(link[0], True)],
        variants=list(dict.fromkeys(s.variant for s in found.sources)),
        sources=_by_class(found.sources),
        ladder_plot=two_ladders(_rungs(first), _rungs(second), (found.first, found.second))
        if found.ladder
        else None,
        arrow=arrow,
    )


def arrow(difference: float) -> str:
    """Return the sign that shows which way a figure goes."""
    if abs(difference) < 0.0005:
        return LEVEL
    return UP if difference > 0 else DOWN


def _rungs(dossier: Dossier) -> Sequence[VariantResult]:
    judged = dossier.judged
    return judged.ladder.rungs if judged and judged.ladder else ()


def _by_class(pairs: Iterable[SourcePair]) -> list[tuple[str, list[list[SourcePair]]]]:
    """Return the rows [source][variant] of each class under its title."""
    groups: dict[tuple[Label, str], list[SourcePair]] = {}
    for pair in pairs:
        groups.setdefault((pair.label, pair.source), []).append(pair)
    return [
        (TITLES[label], [row for (of, _), row in groups.items() if of is label]) for label in Label
    ]
