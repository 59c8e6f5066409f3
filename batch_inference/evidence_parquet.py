"""Evidence as Parquet: :mod:`detector.evidence`.

Read back with suspicion: pages show it, and whoever may write to the bucket can have altered it.
"""

import io
import math
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from detector.evidence import COLUMNS, EVIDENCE_VERSION, THUMBNAIL_SIDE, Evidence, Heat
from detector.preprocess import Crop

VERSION_KEY = b"aidetect.evidence_version"

_TYPES = {
    "string": pa.string(),
    "binary": pa.binary(),
    "int": pa.int32(),
    "float": pa.float32(),
}
SCHEMA: pa.Schema = pa.schema(
    [
        pa.field(column.name, _TYPES[column.type], nullable=column.name != "image")
        for column in COLUMNS
    ]
)

# WebP does not get smaller, and no two thumbnails are equal: what a writer holds in memory to find
# that out is several times what it writes.
_PACKED = {column.name: "none" if column.name == "thumbnail" else "zstd" for column in COLUMNS}
_REPEATED = ["side", "peak", "crop"]
_ORDERED = ["image"]
# Rows held at a time while they are made into a group and encoded: about a megabyte.
_GROUP = 200

# More than a scorer writes: chunks have at most 10,000 images, of some 5 KB each.
MAX_ROWS = 10_000
MAX_BYTES = 256 << 20
# Larger than any WebP of so many pixels, which raw take three bytes each.
MAX_THUMBNAIL = 4 * THUMBNAIL_SIDE**2
MAX_SIDE = 128
_CROP_PARTS = 4
# Shares are kept to six places, so a sum of two may come out so much over 1.
_ROUNDING = 2e-6


class EvidenceError(ValueError):
    """An evidence object is not what the scorer writes."""


def evidence_to_parquet(evidence: Sequence[Evidence]) -> bytes:
    """Return evidence as one Parquet file."""
    schema = SCHEMA.with_metadata({VERSION_KEY: str(EVIDENCE_VERSION).encode()})
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink,
        schema,
        compression=_PACKED,
        use_dictionary=_REPEATED,
        write_statistics=_ORDERED,
    ) as writer:
        for start in range(0, len(evidence), _GROUP):
            group = [_record(item) for item in evidence[start : start + _GROUP]]
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
    return sink.getvalue()


def read_evidence(data: bytes) -> dict[str, Evidence]:
    """Return the evidence in a Parquet file by image.

    A value that is none of ours is left out, and what there is beside it kept.

    Raises
    ------
    EvidenceError
        If it is no Parquet file of evidence, or unpacks to more than the scorer writes.
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _check(file)
        rows = file.read(columns=[column.name for column in COLUMNS]).to_pylist()
    except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
        raise EvidenceError(f"not a sound Parquet file: {error}") from error
    return {row["image"]: _evidence(row) for row in rows}


def _check(file: pq.ParquetFile) -> None:
    metadata = file.metadata
    unpacked = sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    if metadata.num_rows > MAX_ROWS or unpacked > MAX_BYTES:
        raise EvidenceError(
            f"{metadata.num_rows} rows of {unpacked} bytes, more than a scorer writes"
        )
    found = {field.name: field.type for field in file.schema_arrow}
    if any(found.get(field.name) != field.type for field in SCHEMA):
        raise EvidenceError(f"its columns are {found}")


def _record(item: Evidence) -> dict[str, object]:
    heat, crop = item.heat, item.crop
    return {
        # Half of a surrogate pair cannot be written as Parquet.
        "image": item.image.encode("utf-8", "replace").decode(),
        "thumbnail": item.thumbnail,
        "heat": heat.values if heat else None,
        "side": heat.side if heat else None,
        "peak": heat.peak if heat else None,
        "crop": ",".join(f"{part:.6g}" for part in crop) if crop else None,
    }


def _evidence(row: dict[str, object]) -> Evidence:
    image = row["image"]
    if not isinstance(image, str):
        raise EvidenceError("a row names no image")
    return Evidence(image, _thumbnail(row["thumbnail"]), _heat(row), _crop(row["crop"]))


def _thumbnail(data: object) -> bytes | None:
    """Return a thumbnail if it has a WebP file's head and length."""
    if not isinstance(data, bytes) or len(data) > MAX_THUMBNAIL:
        return None
    # https://developers.google.com/speed/webp/docs/riff_container#webp_file_header
    sound = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data if sound and int.from_bytes(data[4:8], "little") + 8 == len(data) else None


def _heat(row: dict[str, object]) -> Heat | None:
    values, side, peak = row["heat"], row["side"], row["peak"]
    if not (isinstance(values, bytes) and isinstance(side, int) and isinstance(peak, float)):
        return None
    if not (1 <= side <= MAX_SIDE and len(values) == side**2 and 0 <= peak < math.inf):
        return None
    return Heat(values, side, peak)


def _crop(text: object) -> Crop | None:
    try:
        parts = [float(part) for part in str(text).split(",")]
    except ValueError:
        return None
    if len(parts) != _CROP_PARTS or not all(0 <= part <= 1 for part in parts):
        return None
    x, y, width, height = parts
    inside = x + width <= 1 + _ROUNDING and y + height <= 1 + _ROUNDING
    return (x, y, width, height) if inside and width and height else None
