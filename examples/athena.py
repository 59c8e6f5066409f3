"""Ask Athena for the images of a day that were called AI.

    python examples/athena.py 2026-11-26 --stack aidetect

The workgroup of the stack bounds what a query may scan; this bounds how long it may take and how
many rows come back. The day is a parameter of the query, never pasted into it.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import boto3

QUERY = """
SELECT image, probability, detector, provenance
FROM verdicts
WHERE run_date = ? AND verdict = 'ai'
ORDER BY probability DESC
LIMIT 1000
"""
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 1.0
ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


class QueryError(RuntimeError):
    """Athena did not answer the query; the message says why."""


def ask(
    athena: Any,
    day: date,
    *,
    database: str,
    workgroup: str,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[dict[str, str | None]]:
    """Yield the images of a day, the surest first, by column name.

    Raises
    ------
    QueryError
        If the query fails, or takes longer than ``patience`` seconds; it is stopped then.
    """
    query = athena.start_query_execution(
        QueryString=QUERY,
        QueryExecutionContext={"Database": database},
        WorkGroup=workgroup,
        # Athena wants text quoted inside a parameter; a date has no quotes in it.
        ExecutionParameters=[f"'{day.isoformat()}'"],
    )["QueryExecutionId"]
    end = time.monotonic() + patience
    while True:
        found = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if found["State"] in ENDED:
            break
        if time.monotonic() >= end:
            athena.stop_query_execution(QueryExecutionId=query)
            raise QueryError(f"query {query} took longer than {patience:.0f} s and was stopped")
        sleep(POLL_SECONDS)
    if found["State"] != "SUCCEEDED":
        raise QueryError(f"query {query} is {found['State']}: {found.get('StateChangeReason', '')}")
    yield from _rows(athena, query)


def _rows(athena: Any, query: str) -> Iterator[dict[str, str | None]]:
    names: list[str | None] | None = None
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=query):
        for row in page["ResultSet"]["Rows"]:
            values = [cell.get("VarCharValue") for cell in row["Data"]]
            if names is None:  # the first row of the first page is the header
                names = values
            else:
                yield dict(zip((str(n) for n in names), values, strict=True))


def main() -> None:
    """Print what was found, a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("--stack", default="aidetect")
    asked = parser.parse_args()
    described = boto3.client("cloudformation").describe_stacks(StackName=asked.stack)["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Outputs"]}
    for row in ask(
        boto3.client("athena"),
        asked.day,
        database=outputs["GlueDatabase"],
        workgroup=outputs["AthenaWorkgroup"],
    ):
        print(f"{float(row['probability'] or 0):.3f}  {row['image']!r}")


if __name__ == "__main__":
    main()
