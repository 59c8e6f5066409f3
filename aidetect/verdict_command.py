"""``aidetect verdict``: everything known about one image."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from aidetect.claims import claims_of
from aidetect.console import emit, fail, guarded, out
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve
from aidetect.results import Row, find
from aidetect.table import verdict_card
from aidetect.trail import Trail, follow_trail

EXAMPLES = examples(
    ("aidetect verdict photo.jpg", "by the end of its name"),
    ("aidetect verdict s3://bucket/intake/holiday.zip#beach/1.jpg", "a member of an archive"),
    ("aidetect verdict photo.jpg --days 365 --json", "every row of the day, for a program"),
)


@guarded()
def verdict(
    key: Annotated[
        str,
        typer.Argument(help="s3://bucket/key, a key, a file name, or archive.tar#member."),
    ],
    days: Annotated[int, typer.Option(min=1, help="How many days to look back.")] = 30,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show the verdict of an image that was scored before, and all that is known about it.

    With what the file itself says of its origin, which is a claim and changes no verdict. Looks
    through the result rows from today backwards and stops at the first day that has the image. For
    millions of rows use the saved query "latest verdict of each image" in Athena.
    """
    target = resolve(where, stack)
    bucket = target.outputs.ResultsBucket
    rows = find(target.s3, bucket, key, today=datetime.now(UTC).date(), days=days)
    if not rows:
        fail(
            f"no row for {key!r} in the last {days} days on the {target.label}: it is not scored "
            "yet (`aidetect status` shows what waits), or has another name (`aidetect score` "
            "prints the names)"
        )
    if as_json:
        emit([_document(row, follow_trail(target.s3, bucket, row)) for row in rows])
        return
    out.print(verdict_card(rows[0], follow_trail(target.s3, bucket, rows[0])))
    if len(rows) > 1:
        others = "once" if len(rows) == 2 else f"{len(rows) - 1} times"
        out.print(f"[dim]scored {others} before on the same day: --json prints every row[/]")


def _document(row: Row, trail: Trail) -> dict[str, Any]:
    return {
        **row,
        "claims": [claim._asdict() for claim in claims_of(row)],
        "report": trail.report and str(trail.report),
        "evidence": trail.evidence and str(trail.evidence),
    }
