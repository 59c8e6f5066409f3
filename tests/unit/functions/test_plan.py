import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from batch_inference.shard import layout_of
from detector.layout import BatchLayout
from detector.manifest import ManifestEntry, ManifestHeader, parse_entry, read_lines, write_lines
from detector.plan import BatchPlan, Lane
from detector.purpose import Purpose
from detector.reason import Reason
from functions.plan.champion import ChampionError
from functions.plan.handler import handler, read_settings
from functions.plan.listing import ListingError, list_prefix
from functions.plan.make import NothingToScoreError
from functions.plan.request import RequestError, backfill_batch
from functions.plan.store import find_plan
from tests.unit.functions.conftest import (
    CHAMPION_PARAMETER,
    INTAKE,
    MODELS,
    RESULTS,
    TRAINING,
    FakeContext,
)
from tests.unit.functions.test_settings import GOOD

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

EXECUTION = "one"
BATCH = "0123456789abcdef"
LAYOUT = BatchLayout(RESULTS, BATCH)


@pytest.fixture(autouse=True)
def _deployed(s3: "S3Client", ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"RESULTS_BUCKET": RESULTS, "MODELS_BUCKET": MODELS, "PATH": "/usr/bin"}
    sizes = {"EXPRESS_MAX_IMAGES": "3", "IMAGES_PER_SHARD": "2", "CHUNK_SIZE": "7"}
    for name, value in {**GOOD, **own, **sizes, "CHAMPION_PARAMETER": CHAMPION_PARAMETER}.items():
        monkeypatch.setenv(name, value)
    s3.put_object(Bucket=MODELS, Key="models/probe/1.0.0/detector.json", Body=b"{}")
    read_settings.cache_clear()


def put_manifest(s3: "S3Client", count: int) -> dict[str, Any]:
    entries = (ManifestEntry(bucket=INTAKE, key=f"intake/{i}.jpg") for i in range(count))
    body = "".join(write_lines(entries)).encode()
    s3.put_object(Bucket=RESULTS, Key=LAYOUT.manifest.key, Body=body)
    return {"batch": BATCH, "manifest": str(LAYOUT.manifest)}


def run(given: Any, context: Any = None, execution: str = EXECUTION) -> dict[str, Any]:
    how: Any = context or FakeContext()
    return handler({"input": given, "execution": execution}, how)


def stored(s3: "S3Client", batch: str = BATCH) -> BatchPlan:
    plan = find_plan(BatchLayout(RESULTS, batch).plan, s3=s3)
    assert plan is not None
    return plan


def test_few_images_go_express_as_one_shard(s3: "S3Client") -> None:
    answer = run(put_manifest(s3, 3))
    assert answer == {
        "batch": BATCH,
        "plan": str(LAYOUT.plan),
        "lane": "express",
        "shards": 1,
        "entries": 3,
    }
    plan = stored(s3)
    assert (plan.chunk_size, plan.limits.max_bytes, plan.limits.max_pixels) == (7, 100, 100)
    assert plan.evidence_images == 40
    assert str(plan.detector) == "probe@1.0.0"
    assert plan.run_date == plan.started_at[:10]


def test_more_go_to_batch_in_shards(s3: "S3Client") -> None:
    answer = run(put_manifest(s3, 5))
    assert (answer["lane"], answer["shards"]) == ("batch", 3)
    assert [shard.count for shard in stored(s3).shards] == [2, 2, 1]


@pytest.mark.parametrize(("lane", "count", "shards"), [("express", 5, 1), ("batch", 1, 1)])
def test_lane_can_be_forced(s3: "S3Client", lane: str, count: int, shards: int) -> None:
    answer = run({**put_manifest(s3, count), "lane": lane})
    assert (answer["lane"], answer["shards"]) == (lane, shards)


def test_batch_keeps_its_plan_when_the_champion_changes(s3: "S3Client", ssm: "SSMClient") -> None:
    given = put_manifest(s3, 5)
    first = run(given)
    ssm.put_parameter(Name=CHAMPION_PARAMETER, Value="other@2", Overwrite=True)
    assert run({**given, "lane": "express"}) == first
    assert stored(s3).detector.name == "probe"


def test_plan_written_in_between_holds(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    given = put_manifest(s3, 5)
    first = run(given)
    monkeypatch.setattr("functions.plan.make.find_plan", lambda *_, **__: None)
    assert run({**given, "lane": "express"}) == first


def test_a_shadow_is_scored_by_the_challenger_it_names(s3: "S3Client") -> None:
    s3.put_object(Bucket=MODELS, Key="models/new/2.0.0/detector.json", Body=b"{}")
    run({**put_manifest(s3, 3), "purpose": "shadow", "detector": "new@2.0.0", "shadow_of": "b"})
    plan = stored(s3)
    assert (str(plan.detector), plan.evidence_images) == ("new@2.0.0", 0)
    assert plan.shadow_of == "b"
    layout = layout_of(plan)
    assert layout.results.key.startswith(f"shadow/run_date={plan.run_date}/batch=")
    assert layout.plan == LAYOUT.plan


def test_the_golden_set_is_scored_by_the_champion(s3: "S3Client") -> None:
    s3.put_object(Bucket=TRAINING, Key="golden/real/a.jpg", Body=b"x")
    run({"prefix": f"s3://{TRAINING}/golden/", "purpose": "golden"}, execution="golden-1")
    plan = stored(s3, "golden-1")
    assert (str(plan.detector), plan.purpose) == ("probe@1.0.0", Purpose.GOLDEN)


@pytest.mark.parametrize("wrong", [{"purpose": "shadow"}, {"detector": "new@2.0.0"}])
def test_only_a_shadow_names_its_detector(s3: "S3Client", wrong: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="name detector and shadow_of for the purpose shadow"):
        run({**put_manifest(s3, 3), **wrong})


def test_a_challenger_that_is_not_published_is_told(s3: "S3Client") -> None:
    with pytest.raises(ChampionError, match="the detector new@3 is not at"):
        run({**put_manifest(s3, 3), "purpose": "shadow", "detector": "new@3", "shadow_of": "b"})


def test_prefix_is_listed_into_a_manifest(s3: "S3Client") -> None:
    for key in ("p/b ü.jpg", "p/a.jpg", "p/sub/c.txt", "p/d.png", "other/x.jpg"):
        s3.put_object(Bucket=INTAKE, Key=key, Body=b"x")
    s3.put_object(Bucket=INTAKE, Key="p/folder/", Body=b"")
    s3.put_object(Bucket=INTAKE, Key="p/empty.jpg", Body=b"")
    answer = run({"prefix": f"s3://{INTAKE}/p/"})
    assert answer["batch"] == EXECUTION
    layout = BatchLayout(RESULTS, answer["batch"])
    lines = s3.get_object(Bucket=RESULTS, Key=layout.manifest.key)["Body"].read().splitlines()
    entries = list(read_lines(lines))
    assert [entry.key for entry in entries] == [
        "p/a.jpg",
        "p/b ü.jpg",
        "p/d.png",
        "p/empty.jpg",
        "p/sub/c.txt",
    ]
    assert [entry.reject for entry in entries][3:] == [Reason.EMPTY, Reason.UNSUPPORTED]
    assert entries[0].etag == "9dd4e461268c8034f5c8564e155c67a6"
    assert ManifestHeader.parse(lines[0]).origin == "backfill"
    assert answer["entries"] == 5
    assert answer["lane"] == "batch"


def test_backfill_again_is_a_new_batch_but_a_retry_is_not(s3: "S3Client") -> None:
    s3.put_object(Bucket=INTAKE, Key="p/a.jpg", Body=b"x")
    given = {"prefix": f"s3://{INTAKE}/p/"}
    first = run(given)
    assert run(given) == first
    assert run(given, execution=EXECUTION + "-again")["batch"] != first["batch"]


def test_overlapping_backfills_keep_one_manifest_and_shards_that_fit_it(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("p/b.jpg", "p/c.jpg", "p/d.jpg"):
        s3.put_object(Bucket=INTAKE, Key=key, Body=b"x")
    given = {"prefix": f"s3://{INTAKE}/p/"}
    layout = BatchLayout(RESULTS, EXECUTION)

    def outrun(*_: Any, **__: Any) -> None:
        """Find no plan, and then be overtaken by another invocation up to its manifest."""
        monkeypatch.setattr("functions.plan.make.find_plan", find_plan)
        run(given)
        s3.delete_object(Bucket=RESULTS, Key=layout.plan.key)
        s3.put_object(Bucket=INTAKE, Key="p/a-new-one.jpg", Body=b"x")

    monkeypatch.setattr("functions.plan.make.find_plan", outrun)
    run(given)

    body = s3.get_object(Bucket=RESULTS, Key=layout.manifest.key)["Body"].read()
    plan = stored(s3, EXECUTION)
    assert len(list(read_lines(body.splitlines()))) == plan.entries == 3
    for shard in plan.shards:
        part = body[shard.offset : shard.offset + shard.length]
        assert len([parse_entry(line) for line in part.splitlines()]) == shard.count


def test_large_archive_goes_to_batch(s3: "S3Client") -> None:
    s3.put_object(Bucket=INTAKE, Key="p/a.tar", Body=b"x" * 400_001)
    assert run({"prefix": f"s3://{INTAKE}/p/"})["lane"] == "batch"


def test_nothing_to_score_is_told(s3: "S3Client") -> None:
    with pytest.raises(
        NothingToScoreError, match="nothing to score under s3://intake-bucket/none/"
    ):
        run({"prefix": f"s3://{INTAKE}/none/"})
    with pytest.raises(NothingToScoreError, match="names no image"):
        run(put_manifest(s3, 0))


def test_missing_manifest_is_told() -> None:
    with pytest.raises(NothingToScoreError, match="no manifest at"):
        run({"batch": BATCH, "manifest": str(LAYOUT.manifest)})


def test_other_refusals_of_the_manifest_pass_through(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", "NoSuchKey")
        stub.add_response("head_object", {})
        stub.add_client_error("get_object", "AccessDenied")
        monkeypatch.setattr("functions.plan.handler.s3_client", lambda: client)
        with pytest.raises(ClientError, match="AccessDenied"):
            run({"batch": BATCH, "manifest": str(LAYOUT.manifest)})


def test_unreadable_plan_passes_through() -> None:
    client = boto3.client("s3")
    with Stubber(client) as stub:
        stub.add_client_error("get_object", "AccessDenied")
        with pytest.raises(ClientError, match="AccessDenied"):
            find_plan(LAYOUT.plan, s3=client)


def test_champion_is_asked_for_before_the_listing(ssm: "SSMClient") -> None:
    ssm.put_parameter(Name=CHAMPION_PARAMETER, Value="none", Overwrite=True)
    with pytest.raises(ChampionError, match="no detector has been promoted"):
        run({"prefix": "s3://not-there/"})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "give"),
        ({"batch": BATCH}, "both batch and manifest"),
        ({"batch": BATCH, "manifest": "s3://r/m", "prefix": "s3://b/p"}, "either prefix"),
        ({"preifx": "s3://b/p"}, "preifx: Extra inputs"),
        ({"prefix": "s3://b/p", "lane": "fast"}, "lane"),
        ({"batch": "../../x", "manifest": "s3://r/m"}, "batch"),
        ([], "valid dictionary"),
        ({"prefix": "https://b/p"}, "not an S3 URI"),
        ({"batch": BATCH, "manifest": "s3://elsewhere/m"}, "must lie at s3://results-bucket"),
    ],
)
def test_wrong_input_is_explained(given: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        run(given)


def test_bucket_that_cannot_be_listed_is_told() -> None:
    with pytest.raises(ListingError, match=r"NoSuchBucket.*SourceBucketName"):
        run({"prefix": "s3://not-there-at-all/p"})


def test_throttled_listing_passes_through() -> None:
    client = boto3.client("s3")
    with Stubber(client) as stub:
        stub.add_client_error("list_objects_v2", "InternalError")
        with pytest.raises(ClientError, match="InternalError"):
            list(list_prefix(LAYOUT.shards, s3=client, seconds_left=lambda: 900))


def test_listing_ends_before_its_time_does(s3: "S3Client") -> None:
    s3.put_object(Bucket=INTAKE, Key="p/a.jpg", Body=b"x")
    with pytest.raises(ListingError, match="sub-prefixes"):
        run({"prefix": f"s3://{INTAKE}/p/"}, FakeContext(milliseconds=10_000))


def test_answer_is_plain_json(s3: "S3Client") -> None:
    answer = run(put_manifest(s3, 1))
    assert json.loads(json.dumps(answer)) == answer
    assert answer["lane"] == Lane.EXPRESS.value


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "../a", "a" * 81, "é"])
def test_a_name_that_no_batch_may_have_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="letters, digits"):
        backfill_batch(name)
