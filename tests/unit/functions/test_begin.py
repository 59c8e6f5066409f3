import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from detector.contract import ContractError
from detector.layout import RunLayout
from detector.training_request import MAX_RUN_LENGTH, RUN_PATTERN, RequestError
from detector.training_run import TrainingRun
from functions.begin.draft import run_name, version
from functions.begin.handler import handler, read_settings
from functions.stored import load
from tests.unit.functions.conftest import (
    CHAMPION_PARAMETER,
    INTAKE,
    MODELS,
    SOURCE,
    TRAINING,
    FakeContext,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

RUN = "train-20261125-041023-ab12cd"
DATASET = f"s3://{TRAINING}/datasets/photos/0123/"


@pytest.fixture(autouse=True)
def _deployed(s3: "S3Client", ssm: "SSMClient", monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TRAINING_BUCKET": TRAINING,
        "MODELS_BUCKET": MODELS,
        "SOURCE_BUCKET": SOURCE,
        "CHAMPION_PARAMETER": CHAMPION_PARAMETER,
    }.items():
        monkeypatch.setenv(name, value)
    s3.put_object(Bucket=TRAINING, Key="datasets/photos/0123/dataset.json", Body=b"{}")
    s3.put_object(Bucket=SOURCE, Key="raw/real/a.jpg", Body=b"x")
    read_settings.cache_clear()


def begin(given: Any, execution: str = RUN) -> dict[str, Any]:
    how: Any = FakeContext()
    return handler({"input": given, "execution": execution}, how)


def stored(s3: "S3Client", run: str = RUN) -> TrainingRun:
    return load(TrainingRun, RunLayout(TRAINING, run).description, s3=s3)


def test_a_run_is_written_down_with_its_champion_and_told_of(s3: "S3Client") -> None:
    answer = begin({"dataset": DATASET, "compute": "sagemaker", "promote": False})
    assert answer == {
        "run": RUN,
        "uri": f"s3://{TRAINING}/runs/{RUN}/run.json",
        "bucket": TRAINING,
        "compute": "sagemaker",
        "sweep": 0,
        "promote": False,
    }
    run = stored(s3)
    assert str(run.champion) == "probe@1.0.0"
    assert (run.training_bucket, run.models_bucket) == (TRAINING, MODELS)
    assert run.name == "clip-probe"
    assert run.request.dataset == DATASET
    assert run.created_at.endswith("+00:00")


def test_the_version_is_the_day_in_three_numbers() -> None:
    # As the record of a fitted head asks: training/head.py.
    assert version(datetime(2026, 1, 5, 4, 10, 23, tzinfo=UTC)) == "2026.1.5"


@pytest.mark.parametrize(
    ("encoder", "name"),
    [
        ("auto", "clip-probe"),
        ("openai/clip-vit-large-patch14", "clip-probe"),
        ("google/siglip2-base-patch16-224", "siglip-probe"),
        ("facebook/dinov3-vitl16-pretrain-lvd1689m", "dinov3-probe"),
        ("timm/vit_pe_core_large_patch14_336.fb", "vit-pe-core-probe"),
        ("s3://source-bucket/encoders/DINOv3-L/", "dinov3-probe"),
    ],
)
def test_a_name_says_what_kind_of_encoder_it_is(s3: "S3Client", encoder: str, name: str) -> None:
    s3.put_object(Bucket="source-bucket", Key="encoders/DINOv3-L/config.json", Body=b"{}")
    begin({"dataset": DATASET, "encoder": encoder})
    assert stored(s3).name == name


def test_a_name_of_ones_own_is_taken(s3: "S3Client") -> None:
    begin({"dataset": DATASET, "recipe": "lora", "name": "shop-photos"})
    assert stored(s3).name == "shop-photos"


def test_without_a_champion_there_is_none_to_beat(s3: "S3Client", ssm: "SSMClient") -> None:
    ssm.delete_parameter(Name=CHAMPION_PARAMETER)
    begin({"dataset": DATASET})
    assert stored(s3).champion is None


def test_an_invocation_that_is_tried_again_finds_the_run(s3: "S3Client", ssm: "SSMClient") -> None:
    first = begin({"dataset": DATASET})
    before = stored(s3)
    ssm.put_parameter(Name=CHAMPION_PARAMETER, Value="other@2", Overwrite=True)
    s3.delete_object(Bucket=TRAINING, Key="datasets/photos/0123/dataset.json")
    assert begin({"dataset": DATASET}) == first
    assert stored(s3) == before


def test_of_two_invocations_at_a_time_the_first_holds(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    first = begin({"dataset": DATASET})
    before = stored(s3)
    monkeypatch.setattr("functions.begin.begin.find", lambda *_, **__: None)
    assert begin({"dataset": DATASET}) == first
    assert stored(s3) == before


def test_a_name_that_was_used_for_another_run_is_refused() -> None:
    begin({"dataset": DATASET})
    with pytest.raises(RequestError, match=rf'another input.*{{"run": "{RUN}"}}'):
        begin({"dataset": DATASET, "recipe": "lora"})


def test_a_run_is_gone_on_with_under_any_name() -> None:
    first = begin({"dataset": DATASET})
    assert begin({"run": RUN}, "again") == first


def test_a_run_that_never_began_cannot_be_gone_on_with() -> None:
    with pytest.raises(RequestError, match="no run nothing to go on with"):
        begin({"run": "nothing"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "dataset: Field required"),
        ({"dataset": "here"}, "not an S3 URI"),
        ({"dataset": DATASET, "epochs": 3}, "epochs: Extra inputs"),
        ({"dataset": f"s3://{INTAKE}/x/"}, rf"may not read.*SourceBucketName={INTAKE}"),
        ({"dataset": f"s3://{TRAINING}/datasets/none/"}, "nothing lies at"),
        ({"dataset": f"s3://{TRAINING}/datasets/photo"}, "nothing lies at"),
        ({"dataset": DATASET, "encoder": "s3://elsewhere/clip/"}, "encoder: .*may not read"),
        ({"dataset": DATASET, "encoder": f"s3://{SOURCE}/clip/"}, "encoder: nothing lies at"),
        ({"dataset": DATASET, "encoder": "s3://"}, "encoder: .*not an S3 URI"),
    ],
)
def test_what_cannot_begin_is_refused_before_anything_is_started(
    s3: "S3Client", given: Any, message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        begin(given)
    assert "Contents" not in s3.list_objects_v2(Bucket=TRAINING, Prefix="runs/")


@pytest.mark.parametrize("path", ["raw/", "raw", "raw/real/a.jpg", ""])
def test_a_prefix_with_or_without_slash_an_object_and_a_whole_bucket_are_there(path: str) -> None:
    assert begin({"dataset": f"s3://{SOURCE}/{path}"})["run"] == RUN


def test_no_source_bucket_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_BUCKET", "")
    read_settings.cache_clear()
    with pytest.raises(RequestError, match=f"it reads {TRAINING}\\."):
        begin({"dataset": f"s3://{SOURCE}/raw/"})


@pytest.mark.parametrize(
    "name", ["a_b", "a--b", "-a", "a" * (MAX_RUN_LENGTH + 1), "a-" * 25 + "b", "a/b", "ü"]
)
def test_a_name_that_cannot_name_a_run_is_refused(name: str) -> None:
    with pytest.raises(RequestError, match="cannot name a run"):
        begin({"dataset": DATASET}, name)


def test_the_longest_run_leaves_room_in_a_sagemaker_jobs_name() -> None:
    name = run_name("a" * MAX_RUN_LENGTH) + "-0123abcd"
    assert len(name) <= 63
    assert re.fullmatch(RUN_PATTERN, run_name(RUN))


def test_a_damaged_run_or_bucket_is_no_fresh_start(s3: "S3Client") -> None:
    s3.put_object(Bucket=TRAINING, Key=RunLayout(TRAINING, RUN).description.key, Body=b"{")
    with pytest.raises(ContractError, match=r"run\.json is not a valid"):
        begin({"dataset": DATASET})
    with pytest.raises(ClientError, match="NoSuchBucket"):
        load(TrainingRun, RunLayout("no-such-bucket", RUN).description, s3=s3)
