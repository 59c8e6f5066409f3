"""Evidence objects: the contract's columns, and nothing of a damaged one that is not sound."""

import io
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from batch_inference import evidence_parquet
from batch_inference.evidence_parquet import (
    SCHEMA,
    EvidenceError,
    evidence_to_parquet,
    read_evidence,
)
from batch_inference.thumbnail import encode_thumbnail, small_pixels
from detector.evidence import COLUMNS, Evidence, Heat
from tests.corpus import photograph

WEBP = encode_thumbnail(small_pixels(photograph(0), photograph(0)))
FULL = Evidence("s3://b/k \u00fc", WEBP, Heat(bytes(range(9)), 3, 1.5), (0.125, 0.0, 0.75, 1.0))
RECORD: dict[str, Any] = {
    "image": "i", "thumbnail": WEBP, "heat": bytes(4), "side": 2, "peak": 0.5, "crop": "0,0,1,1",
}  # fmt: skip


def stored(**changes: Any) -> bytes:
    table = pa.Table.from_pylist([RECORD | changes], schema=SCHEMA)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_evidence_comes_back() -> None:
    bare = Evidence("s3://b/bare")
    assert read_evidence(evidence_to_parquet([FULL, bare])) == {FULL.image: FULL, bare.image: bare}
    thirds = Evidence("i", crop=(1 / 3, 0, 2 / 3, 1))
    assert read_evidence(evidence_to_parquet([thirds]))["i"].crop == (0.333333, 0, 0.666667, 1)
    odd = Evidence("s3://b/\udcff", WEBP)
    assert list(read_evidence(evidence_to_parquet([odd]))) == ["s3://b/?"]


def test_evidence_of_a_large_chunk_comes_back_in_its_order() -> None:
    chance = np.random.default_rng(0)
    images = [Evidence(f"s3://b/{n}", chance.bytes(2000)) for n in range(450)]
    data = evidence_to_parquet(images)
    # Held in parts while it is written, and thumbnails take no more than their bytes.
    assert pq.ParquetFile(io.BytesIO(data)).metadata.num_row_groups == 3
    assert len(data) < 450 * 2050
    assert pq.read_table(io.BytesIO(data))["image"].to_pylist() == [e.image for e in images]


def test_the_columns_are_those_of_the_contract() -> None:
    types = {"int": "int32", "float": "float"}
    schema = pq.read_schema(io.BytesIO(evidence_to_parquet([FULL])))
    assert [(field.name, str(field.type)) for field in schema] == [
        (column.name, types.get(column.type, column.type)) for column in COLUMNS
    ]
    assert schema.metadata[b"aidetect.evidence_version"] == b"1"


def test_an_object_of_five_thousand_is_small() -> None:
    images = [Evidence(f"s3://bucket/some/folder/{n}.jpg", WEBP, FULL.heat) for n in range(5)]
    assert len(evidence_to_parquet(images)) < 5 * len(WEBP) + 8192


@pytest.mark.parametrize(
    "changes",
    [
        {"thumbnail": b"<script>"},
        {"thumbnail": WEBP + b"trailer"},
        {"thumbnail": WEBP[:-1]},
        {"thumbnail": b"RIFF\0\0\0\0WEBP"},
        {"thumbnail": WEBP[:4] + (200_000).to_bytes(4, "little") + WEBP[8:] + bytes(200_000)},
    ],
)
def test_a_thumbnail_that_is_none_is_left_out(changes: dict[str, Any]) -> None:
    found = read_evidence(stored(**changes))["i"]
    assert (found.thumbnail, found.heat) == (None, Heat(bytes(4), 2, 0.5))


@pytest.mark.parametrize(
    "changes",
    [
        {"side": 3},
        {"side": 0, "heat": b""},
        {"side": -2},
        {"side": 200, "heat": bytes(40_000)},
        {"peak": math.nan},
        {"peak": math.inf},
        {"peak": -1.0},
        {"peak": None},
        {"heat": None},
    ],
)
def test_a_heat_map_that_is_none_is_left_out(changes: dict[str, Any]) -> None:
    found = read_evidence(stored(**changes))["i"]
    assert (found.thumbnail, found.heat) == (WEBP, None)


@pytest.mark.parametrize(
    "crop",
    ["", "1,2", "a,b,c,d", "0,0,1,nan", "0,0,1,inf", "-1,0,1,1", "0.5,0,0.6,1", "0,0,0,1", None],
)
def test_a_crop_that_is_none_is_left_out(crop: str | None) -> None:
    assert read_evidence(stored(crop=crop))["i"].crop is None


def test_what_is_no_evidence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = io.BytesIO()
    pq.write_table(pa.table({"image": ["i"], "thumbnail": ["text"]}), other)
    nameless = io.BytesIO()
    schema = pa.schema([pa.field(field.name, field.type) for field in SCHEMA])
    pq.write_table(pa.Table.from_pylist([RECORD | {"image": None}], schema=schema), nameless)
    sound = evidence_to_parquet([FULL])
    for data in (b"", b"no Parquet", sound[:-40], other.getvalue(), nameless.getvalue()):
        with pytest.raises(EvidenceError):
            read_evidence(data)
    monkeypatch.setattr(evidence_parquet, "MAX_BYTES", 10)
    with pytest.raises(EvidenceError, match="more than a scorer writes"):
        read_evidence(sound)


def test_flipped_bytes_do_not_escape() -> None:
    sound, chance = evidence_to_parquet([FULL, Evidence("b")]), np.random.default_rng(5)
    for _ in range(300):
        data = bytearray(sound)
        for at in chance.integers(0, len(data), 4):
            data[at] = chance.integers(0, 256)
        try:
            found = read_evidence(bytes(data))
        except EvidenceError:
            continue
        assert len(found) <= 2
