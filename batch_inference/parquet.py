"""Result rows as Parquet, and the counts kept in its footer.

Uses no more of pyarrow than its core and ``pyarrow.parquet``: the Lambda bundle leaves out what it
can of the rest (Flight, the S3, GCS and Azure file systems, ORC).
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from detector.row import COLUMNS, ROW_VERSION, ColumnType, ResultRow
from detector.summary import Counts

COUNTS_KEY = b"aidetect.counts"
VERSION_KEY = b"aidetect.row_version"
DETECTOR_KEY = b"aidetect.detector"

_TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    # Athena reads timestamps to the millisecond.
    "timestamp": pa.timestamp("ms", tz="UTC"),
}

SCHEMA: pa.Schema = pa.schema(
    [pa.field(column.name, _TYPES[column.type], nullable=column.nullable) for column in COLUMNS]
)


class FooterError(ValueError):
    """A Parquet object was not written by the scorer."""


def to_parquet(rows: Sequence[ResultRow]) -> bytes:
    """Return rows as one Parquet file, with their counts in its footer."""
    counts = Counts.of((row.verdict, row.reason) for row in rows)
    detectors = sorted({row.detector for row in rows})
    table = pa.Table.from_pylist([row.values() for row in rows], schema=SCHEMA)
    table = table.replace_schema_metadata(
        {
            VERSION_KEY: str(ROW_VERSION).encode(),
            COUNTS_KEY: counts.model_dump_json().encode(),
            DETECTOR_KEY: ",".join(detectors).encode(),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", coerce_timestamps="ms")
    data: bytes = sink.getvalue().to_pybytes()
    return data


def counts_in(tail: bytes) -> Counts:
    """Return the counts in the footer of a file, given its last bytes (or all of it).

    Raises
    ------
    FooterError
        If it has no such footer, or the footer is longer than what was given.
    """
    try:
        metadata = pq.read_metadata(pa.BufferReader(tail)).metadata or {}
    except pa.ArrowInvalid as error:
        raise FooterError(f"not the end of a Parquet file: {error}") from error
    if COUNTS_KEY not in metadata:
        raise FooterError("a Parquet file without the scorer's counts")
    return Counts.model_validate_json(metadata[COUNTS_KEY])
