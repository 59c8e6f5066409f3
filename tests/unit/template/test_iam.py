from typing import Any

import pytest

from tests.unit.template.document import listed, resources, statements, walk

# Actions that have no resource to name, from the Service Authorization Reference.
WITHOUT_RESOURCE = {
    "batch:DescribeJobs",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@pytest.mark.parametrize(("role", "statement"), list(statements()))
def test_no_statement_allows_more_than_it_names(role: str, statement: dict[str, Any]) -> None:
    actions = listed(statement["Action"])
    assert statement["Effect"] == "Allow"
    assert not [action for action in actions if "*" in action], role
    if "*" in listed(statement["Resource"]):
        assert set(actions) <= WITHOUT_RESOURCE, role


def test_only_the_hosts_use_a_policy_of_aws() -> None:
    managed = {
        name: role["Properties"]["ManagedPolicyArns"]
        for name, role in resources("AWS::IAM::Role").items()
        if "ManagedPolicyArns" in role["Properties"]
    }
    assert list(managed) == ["InstanceRole"]
    assert "AmazonEC2ContainerServiceforEC2Role" in str(managed)


def test_scorers_cannot_write_what_they_read() -> None:
    for name in ("ExpressRole", "ScorerRole"):
        role = resources("AWS::IAM::Role")[name]["Properties"]
        written = [
            resource
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
            if "s3:PutObject" in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        ]
        assert written == [
            {"Fn::Sub": "${ResultsBucket.Arn}/results/*"},
            {"Fn::Sub": "${ResultsBucket.Arn}/batches/*/shards/*"},
        ]


def test_nobody_can_delete_an_object() -> None:
    assert not [
        s for _, s in statements() for a in listed(s["Action"]) if "Delete" in a and "s3" in a
    ]


def test_no_inbound_network() -> None:
    (group,) = resources("AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group["Properties"]
    (egress,) = group["Properties"]["SecurityGroupEgress"]
    assert (egress["FromPort"], egress["ToPort"]) == (443, 443)
    assert not resources("AWS::EC2::SecurityGroupIngress")


def test_topics_and_queues_are_not_public() -> None:
    for kind in ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for policy in resources(kind).values():
            for part in walk(policy):
                if isinstance(part, dict) and part.get("Principal") == "*":
                    assert part["Effect"] == "Deny"
