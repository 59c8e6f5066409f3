"""``aidetect costs actual``: what batches cost."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from aidetect.console import emit, guarded, out
from aidetect.costs import table
from aidetect.costs.ledgers import Spent, by_day, read_ledgers
from aidetect.examples import examples
from aidetect.options import DEFAULT_STACK, Json, Stack, Where
from aidetect.resolve import resolve

ACTUAL_EXAMPLES = examples(
    ("aidetect costs actual", "the last 30 days"),
    ("aidetect costs actual --batches", "batch by batch"),
    ("aidetect costs actual --since 2026-11-01 --json", "for a program"),
)


@guarded()
def actual(
    since: Annotated[
        datetime | None,
        typer.Option(
            "--since",
            formats=["%Y-%m-%d"],
            help="First day (UTC). Default: 30 days ago.",
            show_default=False,
        ),
    ] = None,
    batches: Annotated[bool, typer.Option("--batches", help="Batch by batch.")] = False,
    where: Where = None,
    stack: Stack = DEFAULT_STACK,
    as_json: Json = False,
) -> None:
    """Show what batches cost, day by day, from the ledgers beside their results.

    By list prices and what the batches used; what had to be assumed is marked with ~. The bill of
    AWS is another matter: it has taxes, free tiers, storage and whatever else the account does.
    """
    target = resolve(where, stack)
    day = f"{since or datetime.now(UTC) - timedelta(days=30):%Y-%m-%d}"
    ledgers = read_ledgers(target.s3, target.outputs.ResultsBucket, day)
    total = Spent.of(ledgers)
    if as_json:
        days = {name: spent._asdict() for name, spent in by_day(ledgers).items()}
        emit(
            {
                "since": day,
                "total": total._asdict(),
                "days": days,
                "batches": [ledger.model_dump(mode="json") for ledger in ledgers],
            }
        )
    elif not ledgers:
        out.print(f"No batch since {day} has its cost on record.")
    else:
        out.print(table.batches_table(ledgers) if batches else table.days_table(by_day(ledgers)))
        assumed = f"; something assumed in {total.estimated} of them" if total.estimated else ""
        out.print(f"\n{table.dollars(total.dollars)} for {total.batches:,} batches{assumed}.")
