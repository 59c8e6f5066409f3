"""A shard killed anywhere and started again ends in the same rows, each once."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from batch_inference import job
from batch_inference.errors import InterruptedShardError
from batch_inference.evidence_reader import batch_evidence
from batch_inference.job import score_shard
from batch_inference.shard import layout_of, shard_of, split
from batch_inference.source import Source
from batch_inference.stop import Stop
from detector.evidence import Evidence
from detector.manifest import Kind, ManifestEntry
from detector.package import DetectorPackage
from detector.plan import BatchPlan
from detector.reason import Reason
from detector.summary import ShardRecord
from tests.unit.batch_inference.archives import tar_of, zip_of
from tests.unit.batch_inference.support import (
    FEW,
    FakeEngine,
    InlineDecoder,
    chunk_keys,
    make_plan,
    noise_png,
    put_entries,
    read_rows,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(autouse=True, scope="module")
def decode_in_threads() -> Iterator[None]:
    """Leave the worker processes out, for speed; other tests have them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "Decoder", InlineDecoder)
        yield


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it but to tidy up."""


class Failing:
    """S3 that is killed at the k-th PUT, before or after S3 took it."""

    def __init__(self, s3: "S3Client", at: int, *, after: bool) -> None:
        self._s3, self._at, self._after, self.puts = s3, at, after, 0
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **arguments: Any) -> Any:
        with self._lock:
            self.puts += 1
            fatal = self.puts == self._at
        if fatal and not self._after:
            raise Killed
        answer = self._s3.put_object(**arguments)
        if fatal:
            raise Killed
        return answer


def score(
    s3: Any, plan: BatchPlan, package: DetectorPackage, stop: Stop | None = None
) -> ShardRecord:
    return score_shard(
        plan,
        shard_of(plan, 0),
        s3=s3,
        package=package,
        engine=FakeEngine(),
        attempt=1,
        settings=FEW,
        stop=stop,
    )


def mixed(s3: "S3Client") -> list[ManifestEntry]:
    """Seven objects, a tar of seven in the middle, a broken zip and an ordinary one at the end."""
    inside = [(f"m{n}.png", noise_png(100 + n)) for n in range(7)]
    files = {f"{n}.png": noise_png(n) for n in range(4)}
    files["middle.tar"] = tar_of(inside)
    files |= {"bad.jpg": b"no image", "5.png": noise_png(5), "note.txt": b"text"}
    files["cut.zip"] = zip_of(inside)[:-30]
    files["six.zip"] = zip_of(inside[:6])
    return put_entries(s3, files)


def evidence_of(s3: "S3Client", plan: BatchPlan) -> list[tuple[str, dict[str, Evidence]]]:
    return list(batch_evidence(s3, layout_of(plan)))


def essence(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (row["entry"], row["image"], row["reason"], row["sha256"], row["logit"]) for row in rows
    ]


def test_a_whole_run_names_its_chunks_by_the_manifest(
    s3: "S3Client", package: DetectorPackage
) -> None:
    plan = make_plan(s3, mixed(s3), chunk_size=3)
    record = score(s3, plan, package)

    rows = read_rows(s3, plan)
    assert chunk_keys(s3, plan) == [
        "part-000000000.parquet",
        "part-000000003.parquet",
        "part-000000004-00000.parquet",
        "part-000000004-00001.parquet",
        "part-000000004-end.parquet",
        "part-000000005.parquet",
        "part-000000008-end.parquet",
        "part-000000009-00000.parquet",
        "part-000000009-end.parquet",
    ]
    assert len(rows) == record.counts.rows == 4 + 7 + 3 + 1 + 6
    assert record.chunks == 9
    assert record.counts.reasons == {Reason.UNSUPPORTED: 2, Reason.TRUNCATED: 1}
    members = [row for row in rows if row["key"] == "middle.tar"]
    assert [row["image"] for row in members] == [
        f"s3://intake-bucket/middle.tar#m{n}.png" for n in range(7)
    ]
    assert [row["member"] for row in rows if row["key"] == "cut.zip"] == [None]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 18))
def test_killed_at_any_put(s3: "S3Client", package: DetectorPackage, at: int, after: bool) -> None:
    entries = mixed(s3)
    plan = make_plan(s3, entries, chunk_size=3)
    undisturbed = make_plan(s3, entries, chunk_size=3, batch="undisturbed")
    score(s3, undisturbed, package)

    with pytest.raises(Killed):
        score(Failing(s3, at, after=after), plan, package)
    there = len(chunk_keys(s3, plan))
    record = score(s3, plan, package)

    assert essence(read_rows(s3, plan)) == essence(read_rows(s3, undisturbed))
    assert evidence_of(s3, plan) == evidence_of(s3, undisturbed)
    assert record.counts.rows == 21
    assert record.resumed_chunks == there or record.resumed_chunks == 0  # killed after the record


def test_another_attempt_at_the_same_time_wins_or_loses_but_no_row_is_lost(
    s3: "S3Client", package: DetectorPackage
) -> None:
    plan = make_plan(s3, mixed(s3), chunk_size=3)
    first = score(s3, plan, package)
    s3.delete_object(Bucket=plan.bucket, Key=f"batches/{plan.batch}/shards/00000.json")

    class Blind(Failing):
        """An attempt that listed before the other committed."""

        def get_paginator(self, _name: str) -> Any:
            class Nothing:
                def paginate(self, **_arguments: Any) -> Iterator[dict[str, Any]]:
                    yield {}

            return Nothing()

    second = score(Blind(s3, 0, after=False), plan, package)
    assert second.counts == first.counts
    assert len(read_rows(s3, plan)) == 21


def test_an_archive_that_fails_later_than_an_earlier_attempt_got_keeps_its_rows(
    s3: "S3Client", package: DetectorPackage
) -> None:
    inside = [(f"m{n}.png", noise_png(n)) for n in range(7)]
    entries = put_entries(s3, {"a.tar": tar_of(inside)})
    plan = make_plan(s3, entries, chunk_size=3)
    with pytest.raises(Killed):
        score(Failing(s3, 5, after=False), plan, package)
    present = chunk_keys(s3, plan)
    s3.delete_object(Bucket="intake-bucket", Key="a.tar")

    score(s3, plan, package)

    rows = read_rows(s3, plan)
    assert len(rows) == 3 * len(present) + 1
    assert [row["reason"] for row in rows if row["member"] is None] == ["missing"]
    assert chunk_keys(s3, plan)[-1] == "part-000000000-end.parquet"


def test_an_archive_that_became_shorter_says_so(s3: "S3Client", package: DetectorPackage) -> None:
    inside = [(f"m{n}.png", noise_png(n)) for n in range(7)]
    entry = put_entries(s3, {"a.tar": tar_of(inside)})[0].model_copy(update={"etag": None})
    plan = make_plan(s3, [entry], chunk_size=3)
    score(s3, plan, package)
    s3.delete_object(Bucket=plan.bucket, Key=f"batches/{plan.batch}/shards/00000.json")
    prefix = f"results/run_date={plan.run_date}/batch={plan.batch}/"
    s3.delete_object(Bucket=plan.bucket, Key=prefix + "part-000000000-end.parquet")
    s3.put_object(Bucket="intake-bucket", Key="a.tar", Body=tar_of(inside[:5]))

    score(s3, plan, package)

    rows = read_rows(s3, plan)
    assert len(rows) == 7
    assert rows[-1]["reason"] == "read_failed"


def test_told_to_stop_it_finishes_the_chunk_and_resumes(
    s3: "S3Client", package: DetectorPackage
) -> None:
    plan = make_plan(s3, mixed(s3), chunk_size=3)
    stop = Stop(60)

    class Stopping(FakeEngine):
        def run(self, pixels: Any) -> Any:
            stop.ask()
            return super().run(pixels)

    # So narrow that the feed cannot be at the end before the first batch asks it to stop.
    narrow = replace(FEW, window=4)
    with pytest.raises(InterruptedShardError, match="finished"):
        score_shard(
            plan, shard_of(plan, 0), s3=s3, package=package, engine=Stopping(), attempt=1,
            settings=narrow, stop=stop,
        )  # fmt: skip
    assert 0 < len(chunk_keys(s3, plan)) < 9
    score(s3, plan, package)
    assert len(read_rows(s3, plan)) == 21


def test_overdue_it_abandons_the_chunk(s3: "S3Client", package: DetectorPackage) -> None:
    plan = make_plan(s3, mixed(s3), chunk_size=1000)
    stop = Stop(0)
    stop.ask()
    with pytest.raises(InterruptedShardError, match="told to stop"):
        score(s3, plan, package, stop)
    assert chunk_keys(s3, plan) == []


@given(
    st.lists(st.sampled_from(["image", "archive", "rejected archive"]), max_size=60),
    st.integers(1, 9),
)
def test_splitting_loses_nothing_and_repeats_nothing(kinds: list[str], size: int) -> None:
    sources = [
        Source(
            index,
            ManifestEntry(
                bucket="b",
                key=str(index),
                kind=Kind.IMAGE if kind == "image" else Kind.ARCHIVE,
                reject=Reason.TOO_LARGE if kind.startswith("rejected") else None,
            ),
        )
        for index, kind in enumerate(kinds)
    ]
    units = list(split(sources, size))
    assert [source for unit in units for source in unit.sources] == sources
    assert len({unit.name for unit in units}) == len(units)
    for unit in units:
        archives = [source for source in unit.sources if kinds[source.index] == "archive"]
        assert unit.archive == bool(archives)
        assert len(unit.sources) <= (1 if unit.archive else size)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_entry_ends_in_exactly_one_row_whatever_comes(
    data: st.DataObject, package_folder: Path
) -> None:
    kinds = data.draw(
        st.lists(
            st.sampled_from(["png", "junk", "empty", "gone", "reject", "tar"]),
            min_size=1,
            max_size=9,
        )
    )
    size = data.draw(st.integers(1, 4))
    at = data.draw(st.integers(1, 10))
    package = DetectorPackage.parse((package_folder / "detector.json").read_bytes())
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for bucket in ("intake-bucket", "results-bucket"):
            s3.create_bucket(Bucket=bucket)
        content = {"png": noise_png(1), "junk": b"junk", "empty": b"", "gone": b"x", "reject": b"x"}
        tar = tar_of([(f"{n}.png", noise_png(n)) for n in range(3)])
        files = {
            f"{n}.{'tar' if kind == 'tar' else 'txt' if kind == 'reject' else 'png'}":
            content.get(kind, tar) for n, kind in enumerate(kinds)
        }  # fmt: skip
        entries = put_entries(s3, files)
        for n, kind in enumerate(kinds):
            if kind == "gone":
                s3.delete_object(Bucket="intake-bucket", Key=f"{n}.png")
        plan = make_plan(s3, entries, chunk_size=size)
        try:
            score(Failing(s3, at, after=data.draw(st.booleans())), plan, package)
        except Killed:
            score(s3, plan, package)
        rows = read_rows(s3, plan)
        s3.close()
    reasons = {"junk": "unsupported", "empty": "empty", "gone": "missing", "reject": "unsupported"}
    wanted = [
        (n, reasons.get(kind))
        for n, kind in enumerate(kinds)
        for _ in range(3 if kind == "tar" else 1)
    ]
    assert [(row["entry"], row["reason"]) for row in rows] == wanted
    assert len({row["image"] for row in rows}) == len(rows)
