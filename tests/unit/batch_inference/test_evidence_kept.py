"""From scored images to evidence objects: beside the rows, before them, never in their way."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from batch_inference import decoding, job, log
from batch_inference.evidence_reader import batch_evidence, chunk_evidence
from batch_inference.heat import unpack_heat
from batch_inference.job import score_shard
from batch_inference.shard import layout_of, shard_of
from detector.evidence import MIN_PER_CHUNK, Evidence
from detector.package import DetectorPackage
from detector.plan import BatchPlan
from detector.provenance import NONE, Claim, Provenance
from tests.unit.batch_inference.archives import tar_of
from tests.unit.batch_inference.support import (
    FEW,
    FakeEngine,
    InlineDecoder,
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


def score(s3: Any, plan: BatchPlan, package: DetectorPackage, heat_side: int | None = 4) -> None:
    engine = FakeEngine(heat_side=heat_side)
    score_shard(
        plan, shard_of(plan, 0), s3=s3, package=package, engine=engine, attempt=1, settings=FEW
    )


def evidence(s3: "S3Client", plan: BatchPlan) -> dict[str, dict[str, Evidence]]:
    return dict(batch_evidence(s3, layout_of(plan)))


def keys(s3: "S3Client", plan: BatchPlan) -> list[str]:
    found = s3.list_objects_v2(Bucket=plan.bucket, Prefix="evidence/").get("Contents", [])
    return [item["Key"] for item in found]


def grey(level: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (80, 64), (level, level, level)).save(stream, "PNG")
    return stream.getvalue()


def test_each_chunk_has_its_evidence_under_its_name(
    s3: "S3Client", package: DetectorPackage
) -> None:
    files = {f"{n}.png": grey(120 + n) for n in range(5)} | {"bad.png": b"no image"}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=4)
    score(s3, plan, package)

    found = evidence(s3, plan)
    assert list(found) == ["000000000", "000000004"]
    rows = {row["image"]: row for row in read_rows(s3, plan)}
    whole = {image: each for chunk in found.values() for image, each in chunk.items()}
    assert set(whole) == {image for image, row in rows.items() if row["verdict"] != "error"}
    for image, each in whole.items():
        assert each.heat is not None
        assert unpack_heat(each.heat)[0, 0] == pytest.approx(rows[image]["logit"], rel=0.01)
        assert each.thumbnail is not None
        with Image.open(io.BytesIO(each.thumbnail)) as thumbnail:
            assert thumbnail.size == (80, 64)
        assert each.crop == pytest.approx((28 / 280, 0, 224 / 280, 1), abs=1e-5)


def test_a_large_batch_keeps_a_few_of_each_chunk(s3: "S3Client", package: DetectorPackage) -> None:
    files = {f"{n:03d}.png": grey(n) for n in range(60)}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=20, evidence_images=3)
    score(s3, plan, package)
    assert [len(chunk) for chunk in evidence(s3, plan).values()] == [MIN_PER_CHUNK] * 3


def test_none_is_kept_or_made_where_none_is_wanted(
    s3: "S3Client", package: DetectorPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "small_pixels", lambda *_: pytest.fail("made a thumbnail"))
    plan = make_plan(s3, put_entries(s3, {"a.png": grey(1)}), evidence_images=0)
    score(s3, plan, package)
    assert keys(s3, plan) == []
    assert len(read_rows(s3, plan)) == 1


def test_an_engine_without_heat_maps_leaves_thumbnails(
    s3: "S3Client", package: DetectorPackage
) -> None:
    plan = make_plan(s3, put_entries(s3, {"a.png": grey(1)}))
    score(s3, plan, package, heat_side=None)
    ((_, chunk),) = evidence(s3, plan).items()
    ((_, each),) = chunk.items()
    assert each.heat is None
    assert each.thumbnail is not None


def test_archives_have_evidence_by_chunk(s3: "S3Client", package: DetectorPackage) -> None:
    inside = [(f"m{n}.png", noise_png(n)) for n in range(23)]
    plan = make_plan(
        s3, put_entries(s3, {"a.tar": tar_of(inside)}), chunk_size=10, evidence_images=12
    )
    score(s3, plan, package)
    found = evidence(s3, plan)
    assert {name: len(chunk) for name, chunk in found.items()} == {
        "000000000-00000": 10,
        "000000000-00001": 5,
        "000000000-end": 3,
    }
    assert "s3://intake-bucket/a.tar#m22.png" in found["000000000-end"]


class Watched:
    """S3 that notes what is put, and refuses evidence."""

    def __init__(self, s3: "S3Client", *, refuse: Exception | None = None) -> None:
        self._s3, self._refuse, self.put = s3, refuse, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **arguments: Any) -> Any:
        self.put.append(arguments["Key"])
        if self._refuse and arguments["Key"].startswith("evidence/"):
            raise self._refuse
        return self._s3.put_object(**arguments)


def test_it_is_there_before_the_rows_are(s3: "S3Client", package: DetectorPackage) -> None:
    files = {f"{n}.png": grey(n) for n in range(3)} | {"a.tar": tar_of([("m.png", grey(9))])}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=2)
    watched = Watched(s3)
    score(watched, plan, package)
    parts = [key for key in watched.put if key.endswith(".parquet")]
    assert len(parts) == 6
    for key in parts:
        if key.startswith("results/"):
            assert parts.index("evidence/" + key.removeprefix("results/")) < parts.index(key)


@pytest.mark.parametrize(
    "fault",
    [
        ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject"),
        ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject"),
        ConnectionError("gone"),
    ],
)
def test_no_failure_of_it_fails_a_chunk(
    s3: "S3Client",
    package: DetectorPackage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    monkeypatch.setattr("detector.once.CONFLICT_PAUSE", 0.0)
    monkeypatch.setattr(log.LOGGER, "propagate", True)
    plan = make_plan(s3, put_entries(s3, {"a.png": grey(1)}))
    with caplog.at_level("WARNING"):
        score(Watched(s3, refuse=fault), plan, package)
    assert keys(s3, plan) == []
    assert len(read_rows(s3, plan)) == 1
    assert "evidence not kept" in caplog.text


def test_whoever_came_first_stays(s3: "S3Client", package: DetectorPackage) -> None:
    plan = make_plan(s3, put_entries(s3, {"a.png": grey(1)}))
    where = layout_of(plan).evidence("000000000")
    s3.put_object(Bucket=where.bucket, Key=where.key, Body=b"an earlier attempt's")
    score(s3, plan, package)
    body = s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()
    assert body == b"an earlier attempt's"
    assert len(read_rows(s3, plan)) == 1


def test_provenance_is_in_the_rows_of_images_and_of_errors(
    s3: "S3Client", package: DetectorPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Provenance((Claim.IPTC_AI, Claim.GENERATOR_TAG), "<b>Imagine\udcff", '{"a": 1}')
    silent = grey(9)
    monkeypatch.setattr(
        decoding, "read_provenance", lambda data, _image: NONE if data == silent else said
    )
    files = {"a.png": grey(1), "cut.png": noise_png(1)[:-900], "none.png": silent}
    plan = make_plan(s3, put_entries(s3, files))
    score(s3, plan, package)
    rows = {
        row["key"]: (row["reason"], row["provenance"], row["generator"], row["provenance_detail"])
        for row in read_rows(s3, plan)
    }
    told = ("iptc_ai,generator_tag", "<b>Imagine?", '{"a": 1}')
    assert rows == {
        "a.png": (None, *told),
        "cut.png": ("truncated", *told),
        "none.png": (None, None, None, None),
    }


def test_missing_damaged_and_foreign_objects_are_passed_over(
    s3: "S3Client", package: DetectorPackage
) -> None:
    files = {f"{n}.png": grey(n) for n in range(4)}
    plan = make_plan(s3, put_entries(s3, files), chunk_size=2)
    score(s3, plan, package)
    layout = layout_of(plan)
    damaged, foreign = layout.evidence("000000000"), layout.evidences.join("notes.txt")
    for where in (damaged, foreign):
        s3.put_object(Bucket=where.bucket, Key=where.key, Body=b"PAR1 not")
    found = evidence(s3, plan)
    assert {name: len(chunk) for name, chunk in found.items()} == {"000000000": 0, "000000002": 2}
    assert chunk_evidence(s3, layout.evidence("999999999")) == {}
