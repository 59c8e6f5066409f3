"""The result row: the one table people query. The Parquet schema and the Glue table follow it."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from detector.reason import Reason
from detector.verdict import Verdict

ROW_VERSION = 1

ColumnType = Literal["string", "int", "bigint", "float", "timestamp"]


class Column(NamedTuple):
    """One column: its name, its Athena type, whether it may be null, and what it means."""

    name: str
    type: ColumnType
    nullable: bool
    meaning: str


COLUMNS: tuple[Column, ...] = (
    Column("row_version", "int", False, "Version of this schema: 1."),
    Column("image", "string", False, "s3://bucket/key, and #member for one inside an archive."),
    Column("bucket", "string", False, "Bucket of the object."),
    Column("key", "string", False, "Key of the object, not URL-encoded."),
    Column("member", "string", True, "Path inside the archive; null when the object is the image."),
    Column("entry", "bigint", False, "Place of the object in the batch's manifest, from 0."),
    Column("etag", "string", True, "ETag of the object that was named by the upload event."),
    Column("object_version", "string", True, "S3 version id, where the bucket keeps versions."),
    Column("bytes", "bigint", True, "Size of the image file in bytes, where it was read."),
    Column("sha256", "string", True, "SHA-256 of the image file's bytes, lower-case hex."),
    Column("format", "string", True, "Decoded format: JPEG, PNG, WEBP, GIF, BMP, TIFF, AVIF, MPO."),
    Column("width", "int", True, "Width in pixels as stored, before EXIF rotation."),
    Column("height", "int", True, "Height in pixels as stored, before EXIF rotation."),
    Column("verdict", "string", False, "ai, real, unsure, or error."),
    Column("probability", "float", True, "Calibrated probability in [0, 1] of being AI-generated."),
    Column("logit", "float", True, "The detector's raw output, before calibration."),
    Column("reason", "string", True, "Reason code of an error row; null otherwise."),
    Column("detail", "string", True, "What exactly went wrong, at most 300 characters."),
    Column("detector", "string", False, "Detector as name@version."),
    Column("graph", "string", True, "Which graph scored it: fp32, fp16 or int8."),
    Column("lane", "string", False, "express (Lambda) or batch (AWS Batch)."),
    Column("scored_at", "timestamp", False, "When the row was made, UTC, milliseconds."),
    Column("provenance", "string", True, "What the file claims of its origin; codes, by comma."),
    Column("generator", "string", True, "The generator that the file names; hostile text."),
    Column("provenance_detail", "string", True, "JSON: where each claim was found; hostile text."),
)

# Kept in the object's path, not in the file: Athena refuses a partition column that is in both.
PARTITION_COLUMNS: tuple[Column, ...] = (
    Column("run_date", "string", False, "Day the batch started, UTC, YYYY-MM-DD."),
    Column("batch", "string", False, "Batch identifier."),
)

MAX_DETAIL = 300


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One image's outcome. Field for field the columns of :data:`COLUMNS`."""

    image: str
    bucket: str
    key: str
    entry: int
    verdict: Verdict
    detector: str
    lane: str
    scored_at: datetime
    member: str | None = None
    etag: str | None = None
    object_version: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    probability: float | None = None
    logit: float | None = None
    reason: Reason | None = None
    detail: str | None = None
    graph: str | None = None
    provenance: str | None = None
    generator: str | None = None
    provenance_detail: str | None = None
    row_version: int = ROW_VERSION

    def __post_init__(self) -> None:
        """Hold every row to the promise: a verdict with probability, or an error with a reason."""
        failed = self.verdict is Verdict.ERROR
        if failed != (self.reason is not None) or failed != (self.probability is None):
            raise ValueError(
                f"{self.image!r}: a row is a verdict with a probability or an error with a reason, "
                f"not verdict={self.verdict.value} probability={self.probability} "
                f"reason={self.reason}"
            )

    def values(self) -> dict[str, object]:
        """Return the row as plain values by column name."""
        record = asdict(self)
        record["verdict"] = self.verdict.value
        record["reason"] = self.reason.value if self.reason else None
        record["detail"] = self.detail[:MAX_DETAIL] if self.detail else None
        return {column.name: _storable(record[column.name]) for column in COLUMNS}


def _storable(value: object) -> object:
    # Half of a surrogate pair, as in a name that is no UTF-8, cannot be written as Parquet: the
    # one text would cost the whole chunk.
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value
