"""The page of a detector: what it does, how far to trust it, how it came to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from detector.evaluation import GeneratorResult, Label, Report, VariantResult
from detector.package import DetectorPackage
from training.details import Details
from training.dossier import Dossier
from training.evaluation import Evaluation
from training.page import plots, words
from training.page.base import render_page
from training.page.detector_template import TEMPLATE
from training.page.ladder_plot import ladder
from training.page.markdown import render_markdown
from training.page.training_report import grouped, source_tables

LINKS = (
    ("accuracy", "Accuracy"),
    ("ladder", "Degradations"),
    ("verdicts", "Verdicts and probabilities"),
    ("errs", "Where it errs"),
    ("card", "Model card"),
    ("limits", "Limits"),
    ("made", "How it was made"),
)
# Sources that err most are named.
WORST = 5
LIMITS = "## Limits"
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Err:
    """How often one source's images get the wrong verdict, images as found."""

    source: str
    images: int
    wrong: int
    share: float


def render_detector_page(
    dossier: Dossier, *, champion: bool = False, own: Evaluation | None = None
) -> str:
    """Return a detector's page as HTML.

    The model card, names of sources, and all else put in, are taken for hostile.

    Parameters
    ----------
    dossier
        What its package says.
    champion
        Whether it is the one in use.
    own
        An evaluation on data of one's own, which the page then is about; its worst mistakes are
        shown as thumbnails. Those of the data that a detector came from never are: they are not
        in its package, and may not be shown.
    """
    package = dossier.package
    report = own.report if own else dossier.judged
    details = own.details if own else dossier.details
    card, limits = _card(dossier.card)
    shown = {
        "accuracy": report is not None,
        "ladder": report is not None and report.ladder is not None,
        "verdicts": details is not None,
        "errs": report is not None,
        "limits": bool(limits),
    }
    return render_page(
        TEMPLATE,
        title=f"Detector {package.name} {package.version}",
        package=package,
        champion=champion,
        own=own is not None,
        recipe=words.RECIPES[package.recipe],
        headline=words.headline(report) if report else "",
        lacking=() if own else dossier.lacking,
        links=[link for link in LINKS if shown.get(link[0], True)],
        report=report,
        details=details,
        card=card,
        limits=limits,
        made=_made(dossier, report),
        files=_files(package),
        learnt=package.learnt_sources,
        **(_figures(report) if report else {}),
        **(_curves(details) if details else {}),
        mistakes=grouped(own.mistakes()) if own else [],
    )


def _card(text: str) -> tuple[Markup, Markup]:
    """Return the card as HTML, and its section on limits by itself."""
    before, heading, after = text.partition(f"\n{LIMITS}")
    if not heading or not after.startswith("\n"):
        return render_markdown(text), Markup()
    limits, further, rest = after.partition("\n## ")
    return render_markdown(before + further + rest), render_markdown(limits, "limits")


def _figures(report: Report) -> dict[str, Any]:
    first = report.variants[0]
    steps = report.ladder
    return {
        "first": first,
        "source_tables": source_tables(report),
        "sources_plot": plots.sources(first),
        "sources_cut": len(first.sources) > plots.MOST_SOURCES,
        "generators": _generators(report.variants),
        "ladder_plot": ladder(steps.rungs) if steps else None,
        "rankings": [(v.variant, v.ranking) for v in report.variants if v.ranking],
        "abstentions": [(v.variant, v.abstention) for v in report.variants if v.abstention],
        "accused": _worst(first, Label.REAL),
        "missed": _worst(first, Label.AI),
    }


def _curves(details: Details) -> dict[str, Any]:
    judged = details.variants[0]
    return {
        "scores_plot": plots.scores(judged, details.decision),
        "roc_plot": plots.roc(details.variants),
        "pr_plot": plots.precision_recall(details.variants),
        "reliability_plot": plots.reliability(judged),
    }


def _generators(variants: Sequence[VariantResult]) -> list[tuple[GeneratorResult, ...]]:
    """Return the rows [generator][variant], the worst first."""
    rows = list(zip(*(v.generators for v in variants), strict=True))
    return sorted(rows, key=lambda row: row[0].right.value)


def _worst(variant: VariantResult, label: Label) -> list[Err]:
    """Return where the worst error of a class is made: real called ai, AI called real."""
    found = []
    for source in variant.sources:
        share = source.called_ai if label is Label.REAL else source.called_real
        if source.label is label and share > 0:
            wrong = round(share * source.images)
            found.append(Err(source.source, source.images, wrong, share))
    return sorted(found, key=lambda err: -err.share)[:WORST]


def _made(dossier: Dossier, report: Report | None) -> list[tuple[str, str]]:
    package, encoder = dossier.package, dossier.package.encoder
    pairs = [
        ("Name", package.name),
        ("Version", package.version),
        ("Made", package.created_at),
        ("Recipe", f"{package.recipe.value}: {words.RECIPES[package.recipe]}"),
        ("Encoder", encoder.name),
        ("Its weights", f"{encoder.source} {encoder.revision}".strip()),
        ("Their SHA-256", encoder.sha256),
        ("Their licence", encoder.licence),
        ("Layers looked at", ", ".join(map(str, encoder.layers))),
        ("Pixels", f"{package.preprocessing.kind}, {package.preprocessing.size} px"),
        (
            "Calibration",
            f"slope {package.calibration.slope:.4g}, intercept {package.calibration.intercept:.4g}",
        ),
        ("Called ai from", f"{package.decision.threshold}"),
        ("Unsure from", f"{package.decision.unsure_from}"),
    ]
    if package.data:
        counts = f"{package.data.real:,} real photographs, {package.data.ai:,} AI images"
        pairs += [
            ("Fitted on", f"{package.data.name}: {counts}"),
            ("Data digest", package.data.digest),
        ]
    pairs.append(("Fitted by", package.command))
    if report:
        pairs += [
            ("Judged on", f"{report.images:,} images of {report.data}"),
            ("Judged by", report.command),
        ]
    pairs += [(name, version) for name, version in package.built_with.items()]
    return [(name, value) for name, value in pairs if value]


def _files(package: DetectorPackage) -> list[tuple[str, str, str]]:
    """Return name, size and SHA-256 of every file."""
    return [
        (
            file.file,
            f"{file.bytes / MEBIBYTE:.1f} MiB" if file.bytes >= MEBIBYTE else f"{file.bytes:,} B",
            file.sha256,
        )
        for file in package.files
    ]
