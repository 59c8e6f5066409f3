"""Which permissions a call needs."""

from typing import Any

import pytest

from local.emulator.aidetect_emulator.iam_call import Call, needs

ACCOUNT, REGION = "000000000000", "us-east-1"


def found(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    call = Call(service, operation, parameters, ACCOUNT, REGION)
    return [(need.action, need.resource) for need in needs(call)]


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


KEY = "intake/ü b+c%20#d.jpg"


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("GetObject", {"Key": KEY}, [("s3:GetObject", f"arn:aws:s3:::b/{KEY}")]),
        (
            "GetObject",
            {"Key": "k", "VersionId": "v"},
            [("s3:GetObjectVersion", "arn:aws:s3:::b/k")],
        ),
        ("HeadObject", {"Key": "k"}, [("s3:GetObject", "arn:aws:s3:::b/k")]),
        ("UploadPart", {"Key": "k"}, [("s3:PutObject", "arn:aws:s3:::b/k")]),
        (
            "PutObject",
            {"Key": "k", "Tagging": "a=b"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:PutObjectTagging", "arn:aws:s3:::b/k")],
        ),
        (
            "CopyObject",
            {"Key": "k", "CopySource": "a/x%20y?versionId=1"},
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::a/x y")],
        ),
        (
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "k"}, {"Key": "l"}]}},
            [("s3:DeleteObject", "arn:aws:s3:::b/k"), ("s3:DeleteObject", "arn:aws:s3:::b/l")],
        ),
        ("ListObjectsV2", {"Prefix": "p"}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("HeadBucket", {}, [("s3:ListBucket", "arn:aws:s3:::b")]),
        ("GetBucketLocation", {}, [("s3:GetBucketLocation", "arn:aws:s3:::b")]),
    ],
)
def test_s3(operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found("s3", operation, Bucket="b", **parameters) == expected


def test_s3_without_a_bucket() -> None:
    assert found("s3", "ListBuckets") == [("s3:ListAllMyBuckets", "*")]
    assert found("s3", "CreateSomething") == [("s3:CreateSomething", "*")]


def test_listing_carries_its_prefix() -> None:
    call = Call("s3", "ListObjectsV2", {"Bucket": "b", "Prefix": "p/"}, ACCOUNT, REGION)
    assert needs(call)[0].context == {"s3:prefix": ["p/"]}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "sqs",
            "DeleteMessageBatch",
            {"QueueUrl": "http://127.0.0.1:4566/queue/us-east-1/000000000000/q"},
            [("sqs:DeleteMessage", arn("sqs", "q"))],
        ),
        ("sqs", "ListQueues", {}, [("sqs:ListQueues", "*")]),
        ("sns", "PublishBatch", {"TopicArn": "t"}, [("sns:Publish", "t")]),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": "m"},
            [("states:StartExecution", "m")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f"},
            [("lambda:InvokeFunction", arn("lambda", "function:f"))],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": arn("lambda", "function:f"), "Qualifier": "live"},
            [("lambda:InvokeFunction", arn("lambda", "function:f:live"))],
        ),
        (
            "batch",
            "SubmitJob",
            {"jobQueue": "q", "jobDefinition": arn("batch", "job-definition/d:3")},
            [
                ("batch:SubmitJob", arn("batch", "job-queue/q")),
                ("batch:SubmitJob", arn("batch", "job-definition/d:3")),
            ],
        ),
        ("batch", "TerminateJob", {"jobId": "j"}, [("batch:TerminateJob", arn("batch", "job/j"))]),
        ("batch", "DescribeJobs", {"jobs": ["j"]}, [("batch:DescribeJobs", "*")]),
        (
            "ssm",
            "GetParameter",
            {"Name": "/a/champion"},
            [("ssm:GetParameter", arn("ssm", "parameter/a/champion"))],
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["a", "/b"]},
            [
                ("ssm:GetParameters", arn("ssm", "parameter/a")),
                ("ssm:GetParameters", arn("ssm", "parameter/b")),
            ],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{}, {"EventBusName": "default"}]},
            [("events:PutEvents", arn("events", "event-bus/default"))],
        ),
        ("events", "PutRule", {"Name": "r"}, [("events:PutRule", arn("events", "rule/r"))]),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
            [("logs:PutLogEvents", arn("logs", "log-group:g:log-stream:s"))],
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "g"},
            [("logs:CreateLogGroup", arn("logs", "log-group:g:"))],
        ),
        ("logs", "DescribeLogGroups", {}, [("logs:DescribeLogGroups", "*")]),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
        (
            "dynamodb",
            "PutItem",
            {"TableName": "t"},
            [("dynamodb:PutItem", arn("dynamodb", "table/t"))],
        ),
        ("athena", "StartQueryExecution", {}, [("athena:StartQueryExecution", "*")]),
        ("sts", "GetCallerIdentity", {}, []),
    ],
)
def test_services(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert found(service, operation, **parameters) == expected


def test_sagemaker_and_secrets() -> None:
    job = arn("sagemaker", "training-job/Train-1")
    tags = [{"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}]
    assert found("sagemaker", "CreateTrainingJob", TrainingJobName="Train-1", Tags=tags) == [
        ("sagemaker:CreateTrainingJob", job),
        ("sagemaker:AddTags", job),
    ]
    call = Call("sagemaker", "CreateTrainingJob", {"Tags": tags}, ACCOUNT, REGION)
    assert needs(call)[0].context == {
        "aws:requesttag/managed_by_aws": ["STARTED_BY_STEP_FUNCTIONS"]
    }
    assert found("sagemaker", "StopTrainingJob", TrainingJobName="Train-1") == [
        ("sagemaker:StopTrainingJob", job)
    ]
    assert found("sagemaker", "ListTrainingJobs") == [("sagemaker:ListTrainingJobs", "*")]
    secret = arn("secretsmanager", "secret:wandb-AbCdEf")
    read = "secretsmanager:GetSecretValue"
    assert found("secretsmanager", "GetSecretValue", SecretId=secret) == [(read, secret)]
    assert found("secretsmanager", "GetSecretValue", SecretId="wandb") == [
        (read, arn("secretsmanager", "secret:wandb-??????"))
    ]
