"""Evidence objects as they lie in S3, read back: :mod:`detector.evidence`."""

import pyarrow as pa
import pyarrow.parquet as pq

from detector.evidence import Evidence, Heat


def read_evidence(data: bytes) -> dict[str, Evidence]:
    """Return the evidence of an object by image.

    Raises
    ------
    pyarrow.ArrowInvalid
        If it is no Parquet file.
    """
    rows = pq.read_table(pa.BufferReader(data)).to_pylist()
    return {row["image"]: _evidence(row) for row in rows}


def _evidence(row: dict[str, object]) -> Evidence:
    values, side, peak = row.get("heat"), row.get("side"), row.get("peak")
    heat = None
    if isinstance(values, bytes) and isinstance(side, int) and isinstance(peak, float):
        heat = Heat(values, side, peak)
    thumbnail, image = row.get("thumbnail"), str(row["image"])
    return Evidence(image, thumbnail if isinstance(thumbnail, bytes) else None, heat, _crop(row))


def _crop(row: dict[str, object]) -> tuple[float, float, float, float] | None:
    words = str(row.get("crop") or "").split(",")
    if len(words) != 4:
        return None
    x, y, w, h = map(float, words)
    return x, y, w, h
