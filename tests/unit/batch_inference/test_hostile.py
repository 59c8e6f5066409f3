"""Many kinds of files through the real decoder, engine and writer: one right row each."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch_inference.job import run_shard
from detector.package import DetectorPackage, Graph
from detector.verdict import Verdict
from tests.corpus import make_files
from tests.unit.batch_inference.support import FEW, make_plan, plan_uri, put_entries, read_rows

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.timeout(300)
def test_every_file_ends_in_one_row_with_the_right_outcome(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path
) -> None:
    corpus = list(make_files(120, seed=5, huge=1))
    entries = put_entries(s3, {expected.key: data for expected, data in corpus})
    plan = make_plan(s3, entries, chunk_size=50)

    record = run_shard(
        plan_uri(plan), 0, s3=s3, graph=Graph.FP32, cache=tmp_path, attempt=2, settings=FEW
    )

    rows = read_rows(s3, plan)
    outcome = {row["key"]: row["reason"] for row in rows}
    assert len(rows) == record.counts.rows == 120
    assert outcome == {
        expected.key: expected.reason.value if expected.reason else None for expected, _ in corpus
    }
    assert record.chunks == 3
    assert record.attempt == 2
    assert record.bytes_read > 1_000_000
    scored = [row for row in rows if row["verdict"] != Verdict.ERROR]
    assert all(0 <= row["probability"] <= 1 and row["sha256"] and row["width"] for row in scored)
    assert {row["verdict"] for row in scored} == {"ai", "real", "unsure"}
