"""IAM evaluation: wildcards, denial, conditions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.aidetect_emulator.iam_policy import is_allowed, matches

BUCKET = "arn:aws:s3:::images"


def policy(effect: str = "Allow", **statement: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, **statement}]}


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a/b c+d%20#ü日.jpg", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b/[a].jpg", "arn:aws:s3:::b/[a].jpg", True),
        ("arn:aws:s3:::b/[a].jpg", "arn:aws:s3:::b/a.jpg", False),
        ("arn:aws:s3:::b/?.jpg", "arn:aws:s3:::b/x.jpg", True),
        ("arn:aws:s3:::b/?.jpg", "arn:aws:s3:::b/xy.jpg", False),
        ("*", "line\nbreak", True),
        ("b/models/*/detector.json", "b/models/clip/1/detector.json", True),
    ],
)
def test_only_star_and_question_mark_are_wild(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@given(st.text())
def test_a_key_is_matched_by_the_prefix_it_starts_with(key: str) -> None:
    assert matches("arn:aws:s3:::b/*", f"arn:aws:s3:::b/{key}")


def test_nothing_is_allowed_without_a_statement() -> None:
    assert not is_allowed([], "s3:GetObject", f"{BUCKET}/a")
    assert not is_allowed([{"Version": "2012-10-17"}], "s3:GetObject", f"{BUCKET}/a")


def test_the_action_ignores_case_and_the_resource_does_not() -> None:
    document = policy(Action="S3:getobject", Resource=f"{BUCKET}/Aa")
    assert is_allowed([document], "s3:GetObject", f"{BUCKET}/Aa")
    assert not is_allowed([document], "s3:GetObject", f"{BUCKET}/aa")


def test_denial_beats_permission_whatever_the_order() -> None:
    allow = policy(Action="s3:*", Resource="*")
    deny = policy("Deny", Action="s3:DeleteObject", Resource="*")
    assert not is_allowed([allow, deny], "s3:DeleteObject", f"{BUCKET}/a")
    assert not is_allowed([deny, allow], "s3:DeleteObject", f"{BUCKET}/a")
    assert is_allowed([deny, allow], "s3:GetObject", f"{BUCKET}/a")


def test_a_statement_may_stand_outside_a_list() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": ["sqs:*"], "Resource": ["*"]}}
    assert is_allowed([document], "sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q")


def test_not_action_and_not_resource() -> None:
    document = policy(NotAction="iam:*", NotResource=f"{BUCKET}/secret/*")
    assert is_allowed([document], "s3:GetObject", f"{BUCKET}/a")
    assert not is_allowed([document], "iam:CreateRole", f"{BUCKET}/a")
    assert not is_allowed([document], "s3:GetObject", f"{BUCKET}/secret/a")


def test_an_action_without_resources_needs_a_star() -> None:
    document = policy(Action="batch:DescribeJobs", Resource="arn:aws:batch:*:*:job/*")
    assert not is_allowed([document], "batch:DescribeJobs", "*")


@pytest.mark.parametrize(
    ("condition", "prefix", "expected"),
    [
        ({"StringLike": {"s3:prefix": "results/*"}}, "results/a", True),
        ({"StringLike": {"s3:prefix": ["x", "results/*"]}}, "intake/a", False),
        ({"StringNotLike": {"s3:prefix": "secret/*"}}, "results/a", True),
        ({"StringEquals": {"s3:prefix": "a"}}, "a", True),
        ({"StringEqualsIfExists": {"s3:prefix": "a"}}, "b", False),
        ({"StringNotEquals": {"s3:prefix": "a"}}, "a", False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A"}}, "a", True),
        ({"ForAnyValue:StringEquals": {"s3:prefix": ["a"]}}, "a", True),
    ],
)
def test_conditions_on_a_known_key(
    condition: dict[str, object], prefix: str, expected: bool
) -> None:
    document = policy(Action="s3:ListBucket", Resource=BUCKET, Condition=condition)
    context = {"s3:prefix": [prefix]}
    assert is_allowed([document], "s3:ListBucket", BUCKET, context) is expected


def test_an_unknown_condition_never_refuses_what_aws_might_allow() -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}, "DateLessThan": {"aws:x": "2020"}}
    allow = policy(Action="s3:GetObject", Resource="*", Condition=condition)
    deny = policy("Deny", Action="s3:*", Resource="*", Condition=condition)
    assert is_allowed([allow, deny], "s3:GetObject", f"{BUCKET}/a")
