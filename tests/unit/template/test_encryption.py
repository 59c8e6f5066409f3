"""At rest and on the way: AWS's keys, or with ``KmsKeyArn`` the one key of the account."""

from typing import Any

import pytest

from tests.unit.template.document import resources, template, walk

KEY = {"Ref": "KmsKeyArn"}
NONE = {"Ref": "AWS::NoValue"}
BUCKETS = resources("AWS::S3::Bucket")
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


def test_every_bucket_but_the_logs_takes_the_key() -> None:
    for name, bucket in BUCKETS.items():
        rules = bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        plain = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        keyed = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        both = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": keyed}
        # S3 delivers no access logs to a bucket that a key encrypts.
        logs = name == "AccessLogBucket"
        assert rules == [plain if logs else {"Fn::If": ["HasKmsKey", both, plain]}]


@pytest.mark.parametrize("name", sorted(resources("AWS::SQS::Queue")))
def test_every_queue_is_encrypted(name: str) -> None:
    queue = resources("AWS::SQS::Queue")[name]["Properties"]
    # The two exclude each other.
    assert queue["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", NONE, True]}
    assert queue["KmsMasterKeyId"] == {"Fn::If": ["HasKmsKey", KEY, NONE]}


def test_every_topic_takes_the_key() -> None:
    keys = {n: t["Properties"]["KmsMasterKeyId"] for n, t in resources("AWS::SNS::Topic").items()}
    assert all(found["Fn::If"][:2] == ["HasKmsKey", KEY] for found in keys.values())
    # Alarms cannot publish through a key whose policy does not name CloudWatch.
    unkeyed = {n for n, found in keys.items() if found["Fn::If"][2] == NONE}
    assert unkeyed == {"AlarmTopic", "SpendingTopic"}


@pytest.mark.parametrize("name", sorted(resources("AWS::Logs::LogGroup")))
def test_every_log_group_takes_the_key_and_ends(name: str) -> None:
    group = resources("AWS::Logs::LogGroup")[name]["Properties"]
    assert group["KmsKeyId"] == {"Fn::If": ["HasKmsKey", KEY, NONE]}
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_the_answers_of_queries_take_the_key() -> None:
    (group,) = resources("AWS::Athena::WorkGroup").values()
    found = group["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]
    keyed = {"EncryptionOption": "SSE_KMS", "KmsKey": KEY}
    wanted = ["HasKmsKey", keyed, {"EncryptionOption": "SSE_S3"}]
    assert found["EncryptionConfiguration"] == {"Fn::If": wanted}


@pytest.mark.parametrize(
    ("kind", "list_of", "policy_kind", "action"),
    [
        ("AWS::SQS::Queue", "Queues", "AWS::SQS::QueuePolicy", "sqs:*"),
        ("AWS::SNS::Topic", "Topics", "AWS::SNS::TopicPolicy", "sns:Publish"),
    ],
)
def test_queues_and_topics_refuse_what_is_not_tls(
    kind: str, list_of: str, policy_kind: str, action: str
) -> None:
    closed = set()
    for policy in resources(policy_kind).values():
        (named,) = policy["Properties"][list_of]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement.get("Condition") == TLS_ONLY:
                assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
                assert statement["Action"] == action
                assert statement["Resource"] in ({"Fn::GetAtt": [named["Ref"], "Arn"]}, named)
                closed.add(named["Ref"])
    assert closed == set(resources(kind))


def test_the_key_is_used_through_the_services_that_hold_the_data() -> None:
    found = [
        part
        for part in walk(template()["Resources"])
        if isinstance(part, dict) and "kms:" in str(part.get("Action"))
    ]
    assert len(found) >= 10
    for statement in found:
        assert statement["Resource"] == KEY
        services: list[Any] = statement["Condition"]["StringEquals"]["kms:ViaService"]
        names = {service["Fn::Sub"].partition(".")[0] for service in services}
        assert names == {"s3", "sns", "sqs"}


def test_what_is_done_to_the_buckets_is_logged_unless_switched_off() -> None:
    logged = {
        name: bucket["Properties"]["LoggingConfiguration"]
        for name, bucket in BUCKETS.items()
        if "LoggingConfiguration" in bucket["Properties"]
    }
    assert set(logged) == set(BUCKETS) - {"AccessLogBucket"}
    prefixes = set()
    for name, found in logged.items():
        condition, to, otherwise = found["Fn::If"]
        assert (condition, otherwise) == ("LogsAccess", NONE)
        assert to["DestinationBucketName"] == {"Ref": "AccessLogBucket"}
        prefixes.add(to["LogFilePrefix"])
        assert "AccessLogBucketPolicy" in BUCKETS[name]["DependsOn"]
    assert len(prefixes) == len(logged)
    rules = BUCKETS["AccessLogBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {"Ref": "AccessLogRetentionDays"} in [rule.get("ExpirationInDays") for rule in rules]
