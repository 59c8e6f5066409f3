"""``aidetect report``: the page of a batch, ready to be reviewed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aidetect.batch_search import LATEST, find_batch
from aidetect.completion import complete_batch
from aidetect.console import emit, err, guarded, out
from aidetect.errors import AidetectError
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.page_file import open_page, write_private
from aidetect.resolve import resolve
from aidetect.review_link import MOST_HOURS, ReviewLink, review_link
from aidetect.target import Target
from aidetect.who import who
from detector.layout import BatchLayout

if TYPE_CHECKING:
    from detector.summary import BatchSummary

EXAMPLES = examples(
    ("aidetect report", "opens the latest batch's page, to be looked at and corrected"),
    ("aidetect report 3f2a --reviewer ann", "the batch that begins so; marks are signed ann"),
    ("aidetect report latest --no-review --out report.html", "a page to pass on, read only"),
)


class NoReportError(AidetectError, LookupError):
    """The batch has no report; the message says what to do."""


@guarded(ValueError)
def report(
    batch: Annotated[
        str,
        typer.Argument(
            help="A batch's id, the beginning of one, or `latest`.", autocompletion=complete_batch
        ),
    ] = LATEST,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Where to save the page; default: here.", show_default=False),
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open it in the browser.")] = True,
    review: Annotated[
        bool, typer.Option("--review/--no-review", help="Let the page save what is marked in it.")
    ] = True,
    reviewer: Annotated[
        str,
        typer.Option(help="Who marks; default: the user or AWS identity.", show_default=False),
    ] = "",
    hours: Annotated[
        float,
        typer.Option(min=0.1, max=MOST_HOURS, help="How long the page can save; at most 7 days."),
    ] = 12,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Open a batch's report: its images, verdicts and evidence, and the way to correct them.

    The page is saved as a file and works without a server. It holds a link, signed with your
    credentials, that writes one object of the results bucket and nothing else: whoever has the file
    can save marks until the link ends. `--no-review` leaves it out.
    """
    target = resolve(where, stack)
    found = find_batch(target, batch)
    layout = BatchLayout(target.outputs.ResultsBucket, found.batch, found.run_date)
    html = _read(target, layout)
    link = review_link(target, layout, hours, datetime.now(UTC)) if review else None
    name = ""
    if link:
        name = reviewer or who(target).rpartition("/")[2]
        html = _with_review(html, link, name)
    path = _path(to, found.batch)
    write_private(path, html)
    shown = show and open_page(path)
    if as_json:
        emit(
            {
                "batch": found.batch,
                "run_date": found.run_date,
                "page": str(path.resolve()),
                "opened": shown,
                "saves_to": link and str(link.where),
                "expires_at": link and link.expires_at.isoformat(timespec="seconds"),
                "reviewer": name,
            }
        )
        return
    _tell(found, path, link, name, shown=shown)


def _read(target: Target, layout: BatchLayout) -> str:
    uri = layout.report
    try:
        answer = target.s3.get_object(Bucket=uri.bucket, Key=uri.key)
    except target.s3.exceptions.NoSuchKey as error:
        raise NoReportError(
            f"batch {layout.batch} has no report: it was scored by a version that wrote none, or "
            "writing it failed (its rows are complete either way). Score its images again for one: "
            "`aidetect score s3://…` with their prefix"
        ) from error
    with answer["Body"] as body:
        return body.read().decode()


def _with_review(html: str, link: ReviewLink, reviewer: str) -> str:
    from batch_inference.report.inject import Review, with_review

    until = link.expires_at.isoformat(timespec="seconds")
    return with_review(html, Review(link.put_url, until, reviewer))


def _path(to: Path | None, batch: str) -> Path:
    name = f"aidetect-report-{batch[:16]}.html"
    if to is None:
        return Path(name)
    return to / name if to.is_dir() else to


def _tell(
    found: "BatchSummary", path: Path, link: ReviewLink | None, reviewer: str, *, shown: bool
) -> None:
    rows = found.counts.rows
    out.print(f"Batch {found.batch}, {found.run_date}: {rows:,} images by {found.detector}")
    out.print(str(path.resolve()), soft_wrap=True, markup=False)
    if not shown:
        out.print("Open that file in a browser.")
    if link is None:
        return
    until = f"{link.expires_at:%Y-%m-%d %H:%M} UTC"
    err.print(
        f"Marks by {reviewer} can be saved until {until}; then run this again, or hand in what the "
        "page downloads: aidetect feedback add FILE",
        markup=False,
    )
    if link.temporary:
        err.print(
            "[yellow]Signed with temporary credentials: saving ends with them, if that is "
            "earlier.[/] An IAM user's keys last."
        )
