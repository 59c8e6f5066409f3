"""The report of a training run: one page for people, self-contained."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from detector.evaluation import Label, Report, SourceResult
from detector.training_run import Comparison, TrainingRun
from training.details import Details
from training.page import plots, words
from training.page.base import render_page
from training.page.mistakes import Mistake
from training.page.training_template import TEMPLATE
from training.track.history import Line

TITLES = {Label.REAL: "Real photographs", Label.AI: "AI images"}
LINKS = (
    ("accuracy", "Accuracy"),
    ("champion", "Champion"),
    ("verdicts", "Verdicts and probabilities"),
    ("mistakes", "Mistakes"),
    ("course", "Training"),
    ("made", "Settings"),
)
# Kinds of metrics that are drawn together: part of the name, title, axis.
COURSES = (("loss", "Loss", "loss"), ("auc", "AUC", "AUC"), ("learning_rate", "Learning rate", ""))
# Of a longer history every so manyeth line is drawn.
MOST_LINES = 600


def render_training_report(
    run: TrainingRun,
    report: Report,
    details: Details,
    comparison: Comparison | None,
    history: Sequence[Line],
    mistakes: Sequence[Mistake],
    audit_warnings: Sequence[str],
) -> str:
    """Return the report as HTML.

    Names of images and sources, and all else put in, are taken for hostile and escaped.

    Parameters
    ----------
    run
        What was asked.
    report, details
        The challenger's evaluation; the first variant is the one talked about.
    comparison
        Challenger against champion; None where there was none.
    history
        Numbers of each step, as :func:`training.track.history.read_history` gives them.
    mistakes
        As :func:`training.page.mistakes.find_mistakes` gives them.
    audit_warnings
        What the audit of the data warns of.
    """
    lines = _finite(history)
    courses = _courses(lines)
    verdict = words.against_champion(comparison)
    rows = comparison.rows if comparison and comparison.champion else ()
    first, judged = report.variants[0], details.variants[0]
    return render_page(
        TEMPLATE,
        title=f"Training report: {run.name} {run.version}",
        run=run,
        report=report,
        details=details,
        comparison=comparison,
        first=first,
        verdict=verdict,
        headline=words.headline(report),
        made_of=words.made_of(run, report),
        warnings=list(audit_warnings),
        links=[link for link in LINKS if link[0] != "course" or courses],
        differences=words.differences(rows),
        left_out=", ".join(comparison.left_out) if comparison and comparison.champion else "",
        source_tables=source_tables(report),
        sources_plot=plots.sources(first),
        sources_cut=len(first.sources) > plots.MOST_SOURCES,
        scores_plot=plots.scores(judged, details.decision),
        roc_plot=plots.roc(details.variants),
        reliability_plot=plots.reliability(judged),
        mistakes=grouped(mistakes),
        courses=courses,
        run_facts=_run_facts(run, report),
        settings=_settings(run),
        last_numbers=[
            (name, f"{value:.6g}") for name, value in _last(lines).items() if name != "time"
        ],
        rankings=[(v.variant, v) for v in details.variants],
    )


def source_tables(report: Report) -> list[tuple[str, str, list[tuple[SourceResult, ...]]]]:
    """Return the rows [source][variant] of each class, the worst source first."""
    rows = list(zip(*(v.sources for v in report.variants), strict=True))
    return [
        (
            label.value,
            TITLES[label],
            sorted((r for r in rows if r[0].label is label), key=lambda r: r[0].right.value),
        )
        for label in Label
    ]


def grouped(mistakes: Sequence[Mistake]) -> list[tuple[str, list[Mistake]]]:
    """Return mistakes under their titles, real photographs first; nothing where there are none."""
    titles = {Label.REAL: "Real photographs called ai", Label.AI: "AI images called real"}
    if not mistakes:
        return []
    return [(titles[label], [m for m in mistakes if m.label is label]) for label in Label]


def _finite(history: Sequence[Line]) -> list[Line]:
    """Return the lines without numbers that cannot be drawn."""
    return [
        {k: v for k, v in line.items() if v is not None and math.isfinite(v)} for line in history
    ]


def _last(lines: Sequence[Line]) -> Line:
    """Return the last value of every metric."""
    found: Line = {}
    for line in lines:
        found.update(line)
    return found


def _courses(lines: Sequence[Line]) -> list[tuple[str, Markup]]:
    """Draw the metrics that have a course: at least two values."""
    thin = max(1, math.ceil(len(lines) / MOST_LINES))
    drawn = []
    for part, title, axis in COURSES:
        names = sorted({name for line in lines for name in line if part in name.lower()})
        told = {name: sum(name in line for line in lines) for name in names}
        names = [name for name in names if told[name] > 1]
        # Rare metrics, such as those of a validation, are all drawn.
        rare = {name for name in names if told[name] <= MOST_LINES}
        kept = [
            line for n, line in enumerate(lines)
            if n % thin == 0 or n == len(lines) - 1 or rare & line.keys()
        ]  # fmt: skip
        if names:
            drawn.append((title, plots.course(kept, names, axis)))
    return drawn


def _run_facts(run: TrainingRun, report: Report) -> list[tuple[str, str]]:
    request = run.request
    pairs = [
        ("Name", run.run),
        ("Begun", run.created_at),
        ("Detector", f"{run.name} {run.version}"),
        ("Dataset", request.dataset),
        ("Judged on", f"{report.images:,} images of {report.data}"),
        ("Recipe", f"{request.recipe.value}: {words.RECIPES[request.recipe]}"),
        ("Encoder", request.encoder),
        ("Compute", request.compute.value),
        ("Champion", str(run.champion) if run.champion else "none"),
        ("Asked by", request.requested_by),
        ("Why", request.reason),
        ("Command", report.command),
    ]
    pairs += [(name, version) for name, version in report.built_with.items()]
    return [(name, value) for name, value in pairs if value]


def _say(value: object) -> str:
    if value is None:
        return "default of the recipe"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _settings(run: TrainingRun) -> list[tuple[str, str]]:
    shown = run.request.settings.model_dump()
    return [(name.replace("_", " "), _say(value)) for name, value in shown.items()]
