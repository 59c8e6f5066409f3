"""Results as programs want them: typed rows, an Arrow table, a frame, a summary, a page."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from aidetect.aws_boundary import aws_errors
from aidetect.errors import AidetectError
from aidetect.image_row import ImageRow, ResultsError, image_row
from aidetect.result_html import results_html
from aidetect.results import Chunk, chunks, read_table
from aidetect.target import Target
from detector.layout import BatchLayout
from detector.reason import Reason
from detector.uri import S3Uri

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

SHOWN = 10

__all__ = ["ImageRow", "MissingPackageError", "Results", "ResultsError", "Selection", "Summary"]


class MissingPackageError(AidetectError, ImportError):
    """A frame was asked for and its package is not installed."""


@dataclass(frozen=True)
class Selection:
    """Which rows: all below the prefixes whose image begins so, scored at or after a moment."""

    prefixes: tuple[S3Uri, ...]
    starts_with: str = ""
    since: datetime | None = None


@dataclass(frozen=True)
class Summary:
    """How many images came to what.

    ``verdicts`` counts ``ai``, ``real``, ``unsure`` and ``error``; ``reasons`` the error rows by
    reason code; ``batches`` and ``detectors`` are those that have a row here.
    """

    images: int
    verdicts: dict[str, int]
    reasons: dict[str, int]
    batches: tuple[str, ...]
    detectors: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether no image was left without a verdict for want of a scorer."""
        return Reason.NOT_SCORED.value not in self.reasons


class Results:
    """Rows of a stack. Iterating reads one object at a time; ``table`` holds all of them.

    Everything is read when it is asked for, and may raise :class:`aidetect.AwsError`.
    """

    def __init__(self, target: Target, selection: Selection) -> None:
        self._target = target
        self._selection = selection

    def tables(self) -> "Iterator[pa.Table]":
        """Yield the rows as Arrow tables, one for each result object."""
        with aws_errors():
            for prefix in self._selection.prefixes:
                for chunk in chunks(self._target.s3, prefix):
                    yield self._selected(read_table(self._target.s3, chunk), chunk)

    def _selected(self, table: "pa.Table", chunk: Chunk) -> "pa.Table":
        import pyarrow as pa
        import pyarrow.compute as pc

        from batch_inference.parquet import SCHEMA

        for field in SCHEMA:
            if field.name not in table.schema.names:  # of an older version
                table = table.append_column(field, pa.nulls(table.num_rows, field.type))
        table = table.select(SCHEMA.names).cast(SCHEMA)
        for name in ("run_date", "batch"):
            values = pa.repeat(pa.scalar(getattr(chunk, name)), table.num_rows)
            table = table.append_column(name, values)
        if self._selection.starts_with:
            table = table.filter(pc.starts_with(table["image"], self._selection.starts_with))
        if self._selection.since is not None:
            table = table.filter(pc.greater_equal(table["scored_at"], self._selection.since))
        return table.replace_schema_metadata(None)

    def __iter__(self) -> Iterator[ImageRow]:
        """Yield typed rows, in the order of the manifest."""
        for table in self.tables():
            yield from map(image_row, table.to_pylist())

    def __len__(self) -> int:
        """Return the number of rows; reads them all."""
        return int(self.table.num_rows)

    @cached_property
    def table(self) -> "pa.Table":
        """All rows as one Arrow table, read once. docs/results.md says what its columns are."""
        import pyarrow as pa

        from batch_inference.parquet import SCHEMA

        schema = SCHEMA.append(pa.field("run_date", pa.string()))
        empty = schema.append(pa.field("batch", pa.string())).empty_table()
        return pa.concat_tables([empty, *self.tables()])

    @cached_property
    def summary(self) -> Summary:
        """How many came to what; reads every object, and keeps none."""
        verdicts, reasons = Counter[str](), Counter[str]()
        batches, detectors = dict[str, None](), dict[str, None]()
        for table in self._read_or_kept():
            verdicts.update(table["verdict"].to_pylist())
            reasons.update(r for r in table["reason"].to_pylist() if r is not None)
            batches.update(dict.fromkeys(table["batch"].unique().to_pylist()))
            detectors.update(dict.fromkeys(table["detector"].unique().to_pylist()))
        return Summary(
            verdicts.total(), dict(verdicts), dict(reasons), tuple(batches), tuple(detectors)
        )

    def _read_or_kept(self) -> "Iterator[pa.Table] | Sequence[pa.Table]":
        return [self.table] if "table" in self.__dict__ else self.tables()

    def to_pandas(self) -> "pd.DataFrame":
        """Return all rows as a pandas frame.

        Raises
        ------
        MissingPackageError
            If pandas is not installed.
        """
        try:
            import pandas  # noqa: F401 - pyarrow uses it
        except ImportError as error:
            raise _missing("pandas") from error
        return self.table.to_pandas()

    def to_polars(self) -> "pl.DataFrame":
        """Return all rows as a polars frame.

        Raises
        ------
        MissingPackageError
            If polars is not installed.
        """
        try:
            import polars
        except ImportError as error:
            raise _missing("polars") from error
        frame = polars.from_arrow(self.table)
        if not isinstance(frame, polars.DataFrame):
            raise TypeError(f"polars made a {type(frame).__name__} of a table")
        return frame

    def report_html(self, batch: str | None = None) -> str:
        """Return the report of a batch, a page that needs nothing beside it.

        Parameters
        ----------
        batch
            Which; may be left out where the rows are all of one batch.

        Raises
        ------
        ResultsError
            If there is no such report, or the rows are of several batches.
        """
        if batch is None:
            batches = self.summary.batches
            if len(batches) != 1:
                raise ResultsError(
                    f"these rows are of {len(batches)} batches, and each has a report: name one of "
                    f"Results.summary.batches, as in report_html({next(iter(batches), '…')!r})"
                )
            batch = batches[0]
        where = BatchLayout(self._target.outputs.ResultsBucket, batch).report
        with aws_errors():
            try:
                body = self._target.s3.get_object(Bucket=where.bucket, Key=where.key)["Body"]
            except self._target.s3.exceptions.NoSuchKey as error:
                raise ResultsError(
                    f"batch {batch} has no report at {where}: it still runs, was scored before "
                    "reports came, or has another name"
                ) from error
            with body:
                return body.read().decode("utf-8")

    def _repr_html_(self) -> str:
        """Return a small table for notebooks: the first rows, and the totals where known."""
        counts = dict(self.summary.verdicts) if "summary" in self.__dict__ else None
        first: list[dict[str, Any]] = []
        for table in self._read_or_kept():
            first.extend(islice(table.slice(0, SHOWN).to_pylist(), SHOWN - len(first)))
            if len(first) >= SHOWN:
                break
        return results_html(first, counts)


def _missing(package: str) -> MissingPackageError:
    return MissingPackageError(
        f"{package} is not installed: run pip install 'aidetect[frames]', or use Results.table"
    )
