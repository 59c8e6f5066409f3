"""``aidetect detector page``, ``compare`` and ``evaluate``: how good is it, for people.

What draws and measures is imported when a command runs: `--help` need not wait for it.
"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from aidetect.console import counting_bar, emit, err, guarded, out
from aidetect.detector_source import EMBEDDED, locate
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.printable import printable
from detector.cache import cache_home

PAGE_FILE = "detector.html"
EXAMPLES = {
    "page": examples(
        ("aidetect detector page champion --open", "what the detector in use does, in a browser"),
        ("aidetect detector page embedded --out page.html", "the one that comes with the project"),
    ),
    "compare": examples(
        ("aidetect detector compare champion clip-lora@2026.1.2-0a1b2c3d", "before a promotion"),
        ("aidetect detector compare embedded out/package --out page.html", "as a page"),
    ),
    "evaluate": examples(
        ("aidetect detector evaluate photos --out judged", "the embedded detector on your images"),
        ("aidetect detector evaluate photos --detector champion --unseen", "on what is new to it"),
    ),
}
NAMED = "champion, embedded, NAME@VERSION, or a folder: a package's or a fitted head's."
Out = Annotated[Path | None, typer.Option("--out", help="Write the page here.")]
Open = Annotated[bool, typer.Option("--open", help="Open the page in a browser.")]


def _save(html: str, path: Path, *, show: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    if show:
        typer.launch(str(path))


@guarded()
def page(
    detector: Annotated[
        str, typer.Argument(metavar="DETECTOR", help=NAMED, show_default=True)
    ] = EMBEDDED,
    file: Out = None,
    show: Open = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Write a detector's page: figures, curves, model card, how it was made.

    One self-contained HTML file. What its package does not hold is said and left out.
    """
    from training.dossier import read_dossier
    from training.page.detector_page import render_detector_page

    found = locate(detector, where, stack)
    dossier = read_dossier(found.folder)
    path = file or Path(f"{dossier.package.name}-{dossier.package.version}.html")
    _save(render_detector_page(dossier, champion=found.champion), path, show=show)
    if as_json:
        emit({"detector": dossier.name, "page": str(path), "lacking": dossier.lacking})
        return
    for sentence in dossier.lacking:
        err.print(printable(sentence), style="yellow", markup=False)
    out.print(f"The page of {dossier.name}: {path}", soft_wrap=True, markup=False)


@guarded()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help=f"What there is: {NAMED}")],
    second: Annotated[str, typer.Argument(metavar="B", help="What might take its place.")],
    file: Out = None,
    show: Open = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Set two detectors side by side: figures, sources, degradations, what differs.

    Says where the comparison is not fair, as the gate would.
    """
    from aidetect.comparison_table import comparison_view
    from training.comparing import compare as set_beside
    from training.dossier import read_dossier
    from training.page.comparison_page import render_comparison

    one, two = (read_dossier(locate(n, where, stack).folder) for n in (first, second))
    found = set_beside(one, two)
    path = file or (Path("comparison.html") if show else None)
    if path:
        _save(render_comparison(one, two), path, show=show)
    if as_json:
        sentence, mood = found.verdict
        emit({**found.model_dump(mode="json"), "verdict": sentence, "mood": mood})
        return
    out.print(comparison_view(found))
    if path:
        out.print(f"\nPage: {path}", soft_wrap=True, markup=False)


@guarded()
def evaluate(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder of labelled images: docs/datasets.md.")
    ],
    detector: Annotated[str, typer.Option("--detector", metavar="DETECTOR", help=NAMED)] = EMBEDDED,
    folder: Annotated[
        Path, typer.Option("--out", help="Folder for the report, its tables and the page.")
    ] = Path("evaluation"),
    ladder: Annotated[
        int,
        typer.Option(
            min=0,
            max=100_000,
            help="Images of each class of each source judged under every degradation; 0: none.",
        ),
    ] = 25,  # training.ladder.DEFAULT_PER_GROUP
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Leave out the sources that it learnt from.")
    ] = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Judge a detector on labelled images: by source, by generator, under degradations.

    A source that it learnt from is judged only by heads that never saw it, or not at all. The page
    shows thumbnails of the worst mistakes: it is for you, as the images are. What was computed is
    kept, so that a run which was stopped goes on.
    """
    from aidetect.training_table import accuracy_table
    from batch_inference.cpus import available_cpus
    from training.dataset import load_dataset
    from training.dossier import read_dossier
    from training.evaluation import write_report
    from training.page.detector_page import render_detector_page
    from training.protocol import Protocol, run_protocol

    dataset = load_dataset(data)
    # The embedded head can be fitted anew without a source; the package that it makes cannot.
    subject = (
        _embedded_head()
        if detector == EMBEDDED
        else locate(detector, where, stack, whole=True).folder
    )
    words = ["aidetect", "detector", "evaluate", data.resolve().name, "--detector"]
    words += [_public(detector), "--ladder", str(ladder), *(["--unseen"] if unseen else [])]
    with counting_bar() as bar:
        task = bar.add_task("Looking at images", total=None)
        found = run_protocol(
            dataset,
            subject,
            Protocol(
                cache=cache_home(),
                threads=available_cpus(),
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                unseen=unseen,
                per_group=ladder,
                command=shlex.join(words),
            ),
        )
    paths = write_report(found, folder)
    dossier = read_dossier(locate(str(subject), where, stack).folder)
    html = folder / PAGE_FILE
    _save(render_detector_page(dossier, own=found), html, show=False)
    if as_json:
        emit({"files": [str(p) for p in (*paths, html)], **found.report.model_dump(mode="json")})
        return
    out.print(accuracy_table(found.report))
    out.print(f"\n{found.report.method}", soft_wrap=True, markup=False)
    out.print(f"Tables: {paths[-1]}\nPage: {html}", soft_wrap=True, markup=False)


def _embedded_head() -> Path:
    from training import embedded

    return embedded.DATA


def _public(detector: str) -> str:
    """Return what was named, a folder by its last part alone."""
    return Path(detector).resolve().name if Path(detector).is_dir() else detector
