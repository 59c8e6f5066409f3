"""What costs a row and what fails the shard: hostile archives the one, a silent S3 the other."""

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batch_inference import job
from batch_inference import reader as reader_module
from batch_inference.errors import ReaderError
from batch_inference.job import score_shard
from detector.package import DetectorPackage
from detector.plan import BatchPlan
from detector.summary import ShardRecord
from tests.unit.batch_inference.archives import tar_of, zip_of
from tests.unit.batch_inference.support import (
    FEW,
    INTAKE,
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


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "Decoder", InlineDecoder)
    monkeypatch.setattr(reader_module, "PAUSE", 0.0)


def score(s3: Any, plan: BatchPlan, package: DetectorPackage) -> ShardRecord:
    return score_shard(
        plan, plan.shards[0], s3=s3, package=package, engine=FakeEngine(), attempt=1, settings=FEW
    )


def no_unicode() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("photo.\udcff"))
    return stream.getvalue()


def test_hostile_archives_cost_a_row_each_and_their_neighbours_nothing(
    s3: "S3Client", package: DetectorPackage
) -> None:
    link = tarfile.TarInfo("././@LongLink")
    link.type = tarfile.GNUTYPE_LONGNAME
    picture = noise_png(1)
    damaged = zip_of([("a.png", picture), ("b.png", noise_png(2))], zipfile.ZIP_STORED)
    files = {
        "name.tar": no_unicode(),
        "chain.tar": link.tobuf(tarfile.GNU_FORMAT) * 400 + bytes(1024),
        "member.zip": damaged.replace(picture, bytes(len(picture))),
        "good.png": noise_png(3),
        "good.tar": tar_of([("a.png", noise_png(4))]),
    }
    plan = make_plan(s3, put_entries(s3, files), chunk_size=2)

    score(s3, plan, package)

    assert {row["image"].rpartition("/")[2]: row["reason"] for row in read_rows(s3, plan)} == {
        "name.tar#photo.\ufffd": "unsupported",
        "chain.tar": "bomb",
        "member.zip#a.png": "undecodable",
        "member.zip#b.png": None,
        "good.png": None,
        "good.tar#a.png": None,
    }


class Busy:
    """S3 that answers for the intake bucket with 503."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **arguments: Any) -> Any:
        if arguments["Bucket"] == INTAKE:
            raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")
        return self._s3.get_object(**arguments)


@pytest.mark.parametrize("key", ["a.png", "a.tar"])
def test_a_few_images_that_s3_does_not_answer_for_are_scored_by_the_next_attempt(
    s3: "S3Client", package: DetectorPackage, key: str
) -> None:
    content = noise_png(1) if key == "a.png" else tar_of([("a.png", noise_png(1))])
    entries = put_entries(s3, {"note.txt": b"text", key: content})
    plan = make_plan(s3, entries)

    with pytest.raises(ReaderError):
        score(Busy(s3), plan, package)
    assert not any(row["reason"] == "read_failed" for row in read_rows(s3, plan))
    score(s3, plan, package)

    assert [row["reason"] for row in read_rows(s3, plan)] == ["unsupported", None]
    assert len(chunk_keys(s3, plan)) == (1 if key == "a.png" else 2)
