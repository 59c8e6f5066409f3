"""Calls that were recorded are told apart by the grants that they needed."""

from pathlib import Path
from typing import Any

import pytest

from local.emulator.aidetect_emulator.iam_log import Record
from tests.policy.grants import Grant
from tests.policy.observed import load, pattern, save, used

NAMES = {
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "one",
    "Results": "one-results-1a",
    "Logs": "one-Logs-2b",
    "Queue": "http://localhost:4566/000000000000/one-Queue-3c",
    "Machine": "arn:aws:states:us-east-1:000000000000:stateMachine:one-Machine-4d",
    "Topic": "arn:aws:sns:us-east-1:000000000000:topic-6f",
    "Role": "one-Role-5e",
    "SourceBucketName": "",
}
LOGS = "arn:aws:logs:us-east-1:000000000000:log-group:one-Logs-2b"


@pytest.mark.parametrize(
    ("written", "arn", "same"),
    [
        ("${Results.Arn}/batches/*", "arn:aws:s3:::one-results-1a/batches/b/plan.json", True),
        ("${Results.Arn}/batches/*", "arn:aws:s3:::one-results-1a/results/x.parquet", False),
        ("${Results.Arn}", "arn:aws:s3:::one-results-1a", True),
        ("${Results.Arn}", "arn:aws:s3:::one-results-1a/batches/b", False),
        ("${Queue.Arn}", "arn:aws:sqs:us-east-1:000000000000:one-Queue-3c", True),
        ("${Logs.Arn}", f"{LOGS}:log-stream:2026/11/[$LATEST]ab", True),
        ("${Topic}", "arn:aws:sns:us-east-1:000000000000:topic-70", True),
        ("${Topic}", "arn:aws:sns:us-east-1:000000000000:other", False),
        ("${Machine}", NAMES["Machine"], True),
        (
            "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}/x",
            "arn:aws:ssm:us-east-1:000000000000:parameter/one/x",
            True,
        ),
        ("namespace ${AWS::StackName}/training", "namespace one/training", True),
        ("namespace ${AWS::StackName}/training", "namespace /aws/sagemaker/TrainingJobs", False),
    ],
)
def test_a_resource_of_the_template_is_found_in_a_record(
    written: str, arn: str, same: bool
) -> None:
    shape = pattern(written, NAMES)
    assert shape is not None
    assert bool(shape.fullmatch(arn)) is same


def test_what_is_not_deployed_is_found_nowhere() -> None:
    assert pattern("arn:${AWS::Partition}:s3:::${SourceBucketName}/*", NAMES) is None
    assert pattern("${Missing.Arn}", NAMES) is None


def template(*resources: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": [{"Fn::Sub": r} for r in resources],
    }
    policy = {"PolicyDocument": {"Statement": [statement]}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}
    return {"Resources": {"Role": role}}


def record(resource: str, *, role: str = NAMES["Role"], allowed: bool = True) -> Record:
    return Record(role, "s3:GetObject", resource, "", allowed)


def test_only_what_was_needed_counts_as_used() -> None:
    document = template("${Results.Arn}/batches/*", "${Results.Arn}/results/*")
    calls = [
        record("arn:aws:s3:::one-results-1a/batches/b"),
        record("arn:aws:s3:::one-results-1a/results/r", allowed=False),
        record("arn:aws:s3:::one-results-1a/results/r", role="of-another-stack"),
    ]
    found = used(document, calls, NAMES)
    assert found == {Grant("Role", "s3:GetObject", "${Results.Arn}/batches/*")}


def test_of_two_grants_that_cover_a_call_neither_is_needed() -> None:
    document = template("${Results.Arn}/batches/*", "${Results.Arn}/*")
    calls = [record("arn:aws:s3:::one-results-1a/batches/b")]
    assert used(document, calls, NAMES) == set()
    calls.append(record("arn:aws:s3:::one-results-1a/results/r"))
    assert used(document, calls, NAMES) == {Grant("Role", "s3:GetObject", "${Results.Arn}/*")}


def test_a_call_that_was_let_through_without_a_grant_is_told() -> None:
    document = template("${Results.Arn}/batches/*")
    with pytest.raises(AssertionError, match="no grant"):
        used(document, [record("arn:aws:s3:::one-results-1a/results/r")], NAMES)


def test_a_snapshot_is_read_as_it_was_written(tmp_path: Path) -> None:
    grants = {Grant("B", "s3:GetObject", "x"), Grant("A", "s3:GetObject", "y")}
    save(grants, tmp_path / "new" / "grants.json")
    assert load(tmp_path / "new" / "grants.json") == grants
    assert load(tmp_path / "none.json") == set()
