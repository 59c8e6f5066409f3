"""Promoting, rolling back, listing: the commands on moto's S3 and SSM."""

import getpass
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import typer
from typer.testing import CliRunner, Result

from aidetect import detector_command, promotion_command
from aidetect.gates import gate_of
from aidetect.outputs import StackOutputs
from aidetect.target import Target
from aidetect.who import who
from detector.contract import Contract
from detector.layout import RunLayout, detector_prefix
from detector.package import DESCRIPTION_FILE, DetectorPackage
from detector.plan import DetectorRef
from detector.promotion import PromotionLog
from detector.training_run import GateDecision
from tests.unit.detector.documents import DOCUMENTS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MODELS, TRAINING, PARAMETER = "models", "training", "/stack/champion"
app = typer.Typer()
app.command()(promotion_command.promote)
app.command()(promotion_command.rollback)
app.add_typer(detector_command.app, name="detector")


def ref(version: str) -> DetectorRef:
    return DetectorRef(bucket=MODELS, name="clip", version=version)


@pytest.fixture
def target(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Target:
    s3.create_bucket(Bucket=MODELS)
    s3.create_bucket(Bucket=TRAINING)
    names = dict.fromkeys(StackOutputs.model_fields, "x")
    names |= {"ModelsBucket": MODELS, "TrainingBucket": TRAINING, "ChampionParameter": PARAMETER}
    region: Any = {"region_name": "us-east-1"}
    made = Target(
        label="test",
        outputs=StackOutputs.model_validate(names),
        s3=s3,
        sfn=boto3.client("stepfunctions", **region),
        ssm=boto3.client("ssm", **region),
        sqs=boto3.client("sqs", **region),
        is_local=True,
    )
    for module in (promotion_command, detector_command):
        monkeypatch.setattr(module, "resolve", lambda *_: made)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    return made


def put(target: Target, bucket: str, key: str, document: Contract) -> None:
    target.s3.put_object(Bucket=bucket, Key=key, Body=document.dumps().encode())


def release(target: Target, *versions: str) -> None:
    for number, version in enumerate(versions):
        base = DOCUMENTS["detector"]
        assert isinstance(base, DetectorPackage)
        package = base.model_copy(
            update={
                "name": "clip",
                "version": version,
                "created_at": f"2026-11-2{number}T00:00:00Z",
                "metrics": {"held_out.clean.auc": 0.9, "held_out.hard.auc": 0.8},
            }
        )
        prefix = detector_prefix(MODELS, "clip", version)
        put(target, MODELS, prefix.join(DESCRIPTION_FILE).key, package)


def decide(target: Target, run: str, version: str, *, passed: bool) -> None:
    decision = GateDecision(
        run=run,
        challenger=ref(version),
        champion=None,
        passed=passed,
        reasons=("accuses [too] many",),
        decided_at="",
    )
    put(target, TRAINING, RunLayout(TRAINING, run).gate.key, decision)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


def log(target: Target) -> PromotionLog:
    return promotion_command.log_of(target)


def test_without_a_reason_only_what_passed_its_gate_is_promoted(target: Target) -> None:
    release(target, "1", "2", "3")
    decide(target, "train-1", "1", passed=True)
    decide(target, "train-2", "2", passed=False)
    done = run("promote", "clip@1")
    assert done.exit_code == 0, done.output
    assert "clip@1 is the champion on the test (entry 1)" in done.output
    assert "Batches that run keep the detector" in done.output
    (entry,) = log(target).history()
    assert (entry.by, entry.reason, entry.run) == ("ada", "passed the gate of run train-1", "")
    refused = run("promote", "clip@2")
    assert refused.exit_code == 1
    assert "accuses [too] many" in refused.output
    assert "aidetect promote clip@2 --reason" in refused.output
    unseen = run("promote", "clip@3")
    assert (unseen.exit_code, "it never saw it" in unseen.output) == (1, True)
    assert len(log(target).history()) == 1


def test_a_person_may_override_the_gate_and_is_named_with_the_reason(target: Target) -> None:
    release(target, "1", "2")
    decide(target, "train-2", "2", passed=False)
    run("promote", "clip@1", "--reason", "to begin with")
    done = run("promote", "clip@2", "--reason", "the test set is [wrong]")
    assert "and no longer clip@1 (entry 2)" in done.output
    entry = log(target).history()[-1]
    assert (entry.by, entry.reason) == ("ada", "the test set is [wrong]")
    assert target.ssm.get_parameter(Name=PARAMETER)["Parameter"].get("Value") == "clip@2"


def test_what_went_back_can_be_promoted_again_without_a_reason(target: Target) -> None:
    release(target, "1", "2")
    decide(target, "train-2", "2", passed=True)
    run("promote", "clip@1", "--reason", "x")
    run("promote", "clip@2")
    back = run("rollback", "--reason", "a false alarm")
    assert "clip@1 is the champion" in back.output
    assert run("promote", "clip@2").exit_code == 0
    assert [e.detector.version for e in log(target).history()] == ["1", "2", "1", "2"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("promote", "clip@9", "--reason", "x"), "not published"),
        (("promote", "clip", "--reason", "x"), "not name@version"),
        (("rollback",), "no detector before"),
    ],
)
def test_what_cannot_be_done_is_one_line(target: Target, words: tuple[str, ...], says: str) -> None:
    done = run(*words)
    assert done.exit_code == 1
    assert says in done.output.replace("\n", " ")
    assert log(target).history() == []


def test_the_newest_gate_of_a_detector_counts(target: Target) -> None:
    decide(target, "train-1", "1", passed=True)
    decide(target, "train-2", "1", passed=False)
    target.s3.put_object(Bucket=TRAINING, Key="runs/train-3/run.json", Body=b"{}")
    found = gate_of(target.s3, TRAINING, ref("1"))
    assert found is not None
    assert found.run == "train-2"
    assert gate_of(target.s3, TRAINING, ref("7")) is None


def test_history_is_shown_with_who_and_why(target: Target) -> None:
    assert "No detector was promoted yet" in run("detector", "history").output
    release(target, "1", "2")
    run("promote", "clip@1", "--reason", "[bold]first")
    run("promote", "clip@2", "--reason", "better")
    shown = run("detector", "history").output
    for part in ("clip@1", "clip@2", "ada", "[bold]first", "promote"):
        assert part in shown
    entries = json.loads(run("detector", "history", "--json").output)
    assert [entry["number"] for entry in entries] == [1, 2]


def test_released_detectors_are_listed_and_the_champion_marked(target: Target) -> None:
    assert "No detector is published yet" in run("detector", "list").output
    release(target, "2", "1")
    run("promote", "clip@1", "--reason", "x")
    # Half published: no description yet. And what lies deeper is none of ours.
    target.s3.put_object(Bucket=MODELS, Key="models/clip/3/model.onnx", Body=b"x")
    target.s3.put_object(Bucket=MODELS, Key="models/clip/3/old/detector.json", Body=b"x")
    lines = run("detector", "list").output.splitlines()
    assert [line.split()[:2] for line in lines if "clip@1" in line] == [["champion", "clip@1"]]
    assert lines[0].split()[-3:] == ["real", "AI", "AUC"]
    assert all(line.endswith("0.90") for line in lines[1:])
    listed = json.loads(run("detector", "list", "--json").output)
    assert [(d["version"], d["champion"]) for d in listed] == [("2", False), ("1", True)]


def test_on_aws_the_identity_at_work_is_named(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert who(replace(target, is_local=False)).startswith("arn:aws:sts::123456789012:")

    def nameless() -> str:
        raise KeyError("uid not found: 10001")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert who(target) == "somebody"
