"""Grants that no test can see in use, each with the page of AWS that asks for it.

They are what AWS's own services do in a role's name, and what only a failure or an option calls
for; the emulator does not do these things. Which grants they are is worked out from the resources
that need them, so that one grant too few is told like one too many.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tests.policy.grants import Document, Grant, grants, listed, statements, text
from tests.unit.template.document import ROOT

DOCS = "https://docs.aws.amazon.com"


def _arn(service: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}"


XRAY = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")
SAMPLING = ("xray:GetSamplingRules", "xray:GetSamplingTargets")
DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
)
RULE = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
JOB_RULES = {
    "batch:submitJob.sync": "StepFunctionsGetEventsForBatchJobsRule",
    "sagemaker:createTrainingJob.sync": "StepFunctionsGetEventsForSageMakerTrainingJobsRule",
}
# What Step Functions asks for besides, to stop the job with its execution.
STOPS = {
    "batch:submitJob.sync": [("batch:TerminateJob", f"{_arn('batch')}:job/*")],
    "sagemaker:createTrainingJob.sync": [
        ("sagemaker:StopTrainingJob", f"{_arn('sagemaker')}:training-job/*"),
        ("sagemaker:ListTags", f"{_arn('sagemaker')}:training-job/*"),
        ("iam:PassRole", "${SageMakerRole.Arn}"),
    ],
}
PULL = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
PUSH = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
REPOSITORIES = (
    "${JobRepository.Arn}",
    f"{_arn('ecr')}:repository/*",
)
SAGEMAKER_LOGS = f"{_arn('logs')}:log-group:/aws/sagemaker/TrainingJobs*"
RESULTS = "${ResultsBucket.Arn}/results/*"
OTHER_ROWS = ("golden/", "shadow/")
# Roles that write files from disk, in parts where they are large.
IN_PARTS = ("PreparationRole", "TrainerRole")


@dataclass(frozen=True)
class Need:
    """Why some grants are there although nothing here uses them."""

    why: str
    source: str
    find: Callable[[Document], Iterator[Grant]]


def _of(document: Document, kind: str) -> Iterator[Document]:
    for found in document["Resources"].values():
        if found["Type"] == kind:
            yield found["Properties"]


def _role(value: Any) -> str:
    """Return the logical name of a role that a resource names by its ARN."""
    return text(value).removeprefix("${").removesuffix(".Arn}")


def _each(role: str, actions: tuple[str, ...], *resources: str) -> Iterator[Grant]:
    for action in actions:
        for resource in resources:
            yield Grant(role, action, resource)


def _traces(document: Document) -> Iterator[Grant]:
    for function in _of(document, "AWS::Serverless::Function"):
        yield from _each(_role(function["Role"]), XRAY, "*")


def _machines(document: Document) -> Iterator[Grant]:
    for machine in _of(document, "AWS::Serverless::StateMachine"):
        yield from _each(_role(machine["Role"]), (*DELIVERY, *XRAY, *SAMPLING), "*")


def _waits(document: Document) -> Iterator[Grant]:
    for machine in _of(document, "AWS::Serverless::StateMachine"):
        written = (ROOT / machine["DefinitionUri"]).read_text()
        states = yaml.safe_load(written)["States"].values()
        for call in {str(s.get("Resource")).removeprefix("arn:aws:states:::") for s in states}:
            if call in JOB_RULES:
                rule = f"rule/{JOB_RULES[call]}"
                arn = f"{_arn('events')}:{rule}"
                role = _role(machine["Role"])
                yield from _each(role, RULE, arn)
                for action, resource in STOPS[call]:
                    yield Grant(role, action, resource)


def _jobs(document: Document) -> Iterator[Grant]:
    for job in _of(document, "AWS::Batch::JobDefinition"):
        container = job["ContainerProperties"]
        role = _role(container["ExecutionRoleArn"])
        group = container["LogConfiguration"]["Options"]["awslogs-group"]
        yield from _each(role, ("ecr:GetAuthorizationToken",), "*")
        yield from _each(role, PULL, *REPOSITORIES)
        logs = f"${{{group['Ref']}.Arn}}"
        yield from _each(role, ("logs:CreateLogStream", "logs:PutLogEvents"), logs)


def _builds(document: Document) -> Iterator[Grant]:
    for project in _of(document, "AWS::CodeBuild::Project"):
        role = _role(project["ServiceRole"])
        bucket = text(project["Source"]["Location"]).partition("/")[0].replace("}", ".Arn}")
        yield from _each(role, ("s3:GetObject", "s3:GetObjectVersion"), f"{bucket}/sources/*")
        yield from _each(role, ("ecr:GetAuthorizationToken",), "*")
        yield from _each(role, PUSH, "${JobRepository.Arn}")
        group = project["LogsConfig"]["CloudWatchLogs"]["GroupName"]["Ref"]
        logs = ("logs:CreateLogStream", "logs:PutLogEvents")
        yield from _each(role, logs, f"${{{group}.Arn}}")


def _sagemaker(_document: Document) -> Iterator[Grant]:
    yield from _each("SageMakerRole", ("ecr:GetAuthorizationToken",), "*")
    yield from _each("SageMakerRole", PULL, *REPOSITORIES)
    metrics = "namespace /aws/sagemaker/TrainingJobs"
    yield Grant("SageMakerRole", "cloudwatch:PutMetricData", metrics)
    logs = ("CreateLogGroup", "CreateLogStream", "DescribeLogStreams", "PutLogEvents")
    yield from _each("SageMakerRole", tuple(f"logs:{name}" for name in logs), SAGEMAKER_LOGS)


def _keys(document: Document) -> Iterator[Grant]:
    """Whoever writes needs data keys; whoever reads, or writes in parts, or publishes, decrypts."""
    for grant in grants(document):
        writes = grant.action in {"s3:PutObject", "sns:Publish"}
        reads = grant.action in {"s3:GetObject", "sns:Publish", "sqs:ReceiveMessage"}
        if writes:
            yield Grant(grant.role, "kms:GenerateDataKey", "${KmsKeyArn}")
        if reads:
            yield Grant(grant.role, "kms:Decrypt", "${KmsKeyArn}")


def _source_bucket(document: Document) -> Iterator[Grant]:
    """The tests name no source bucket. Where one is named, it is read like the bucket before it."""
    for role, statement in statements(document):
        written = [text(part) for part in listed(statement["Resource"])]
        for resource in written[1:]:
            if "${SourceBucketName}" in resource:
                yield from _each(role, tuple(listed(statement["Action"])), resource)


def _parts(document: Document) -> Iterator[Grant]:
    for grant in grants(document):
        if grant.action == "s3:PutObject" and grant.role in IN_PARTS:
            yield Grant(grant.role, "s3:AbortMultipartUpload", grant.resource)


def _purposes(document: Document) -> Iterator[Grant]:
    """The rows of every purpose are written by the code that writes results."""
    for grant in grants(document):
        if grant.resource == RESULTS:
            for folder in OTHER_ROWS:
                yield Grant(grant.role, grant.action, RESULTS.replace("results/", folder))
    for role in ("ExpressRole", "ScorerRole"):
        yield Grant(role, "s3:GetObject", "${TrainingBucket.Arn}/golden/*")
    for role in ("ExpressRole", "ScorerRole", "PlanRole"):
        yield Grant(role, "s3:ListBucket", "${TrainingBucket.Arn}")


def _given(*found: tuple[str, str, str]) -> Callable[[Document], Iterator[Grant]]:
    return lambda _document: (Grant(*one) for one in found)


NEEDS = [
    Need(
        "Lambda sends segments to X-Ray in the function's name.",
        f"{DOCS}/lambda/latest/dg/services-xray.html",
        _traces,
    ),
    Need(
        "Step Functions delivers logs and segments in the machine's name.",
        f"{DOCS}/step-functions/latest/dg/cw-logs.html",
        _machines,
    ),
    Need(
        "Step Functions learns by a rule that a job has ended, and stops it with its execution.",
        f"{DOCS}/step-functions/latest/dg/connect-to-resource.html",
        _waits,
    ),
    Need(
        "ECS pulls the image and opens the log before a job's code runs.",
        f"{DOCS}/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        _jobs,
    ),
    Need(
        "CodeBuild fetches the sources, writes the log and pushes the image in the project's role.",
        f"{DOCS}/codebuild/latest/userguide/sample-docker.html",
        _builds,
    ),
    Need(
        "SageMaker pulls the image and writes the log in the name of the job's role.",
        f"{DOCS}/sagemaker/latest/dg/sagemaker-roles.html",
        _sagemaker,
    ),
    Need(
        "The stack's key is for who asks for one; the emulator encrypts nothing.",
        f"{DOCS}/AmazonS3/latest/userguide/UsingKMSEncryption.html",
        _keys,
    ),
    Need(
        "A source bucket is there where a parameter names one.",
        f"{DOCS}/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html",
        _source_bucket,
    ),
    Need(
        "So is the key of Weights & Biases.",
        f"{DOCS}/secretsmanager/latest/userguide/auth-and-access_examples.html",
        _given(
            ("TrainerRole", "secretsmanager:GetSecretValue", "${WandbSecretArn}"),
            ("SageMakerRole", "secretsmanager:GetSecretValue", "${WandbSecretArn}"),
        ),
    ),
    Need(
        "Parts of an upload that failed are dropped.",
        f"{DOCS}/AmazonS3/latest/userguide/mpuoverview.html",
        _parts,
    ),
    Need(
        "Events name versions where somebody has the bucket keep them; the template does not.",
        f"{DOCS}/AmazonS3/latest/userguide/notification-content-structure.html",
        _given(
            ("ExpressRole", "s3:GetObjectVersion", "${IntakeBucket.Arn}/*"),
            ("ScorerRole", "s3:GetObjectVersion", "${IntakeBucket.Arn}/*"),
        ),
    ),
    Need(
        "Training keeps the newest few checkpoints; the runs of the tests are too short for that.",
        "training/tune/checkpoint.py",
        _given(("TrainerRole", "s3:DeleteObject", "${TrainingBucket.Arn}/runs/*/checkpoints/*")),
    ),
    Need(
        "The watch over the detector has sets of images scored that no test drops.",
        "detector/layout.py",
        _purposes,
    ),
    Need(
        "EC2 is asked what the machine that jobs name costs; on the emulator they name none.",
        f"{DOCS}/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html",
        _given(("CollectRole", "ec2:DescribeSpotPriceHistory", "*")),
    ),
    Need(
        "S3 holds a presigned form to the role that signed it; the emulator does not.",
        f"{DOCS}/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html",
        _given(("UploadRole", "s3:PutObject", "${IntakeBucket.Arn}/intake/*")),
    ),
    Need(
        "S3 tells who may list a bucket that a key is missing, and others that it is denied.",
        f"{DOCS}/AmazonS3/latest/API/API_GetObject.html",
        _given(
            ("ExpressRole", "s3:ListBucket", "${IntakeBucket.Arn}"),
            ("ExpressRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
            ("GateRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
            ("GateRole", "s3:ListBucket", "${TrainingBucket.Arn}"),
            ("PlanRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
            ("PlanRole", "s3:ListBucket", "${ResultsBucket.Arn}"),
            ("PreparationRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
            ("PromoteRole", "s3:ListBucket", "${TrainingBucket.Arn}"),
            ("ScorerRole", "s3:ListBucket", "${IntakeBucket.Arn}"),
            ("ScorerRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
            ("TrainerRole", "s3:ListBucket", "${ModelsBucket.Arn}"),
        ),
    ),
]


def service_side(document: Document) -> set[Grant]:
    """Return every grant that is there for a reason no test can show."""
    return {grant for need in NEEDS for grant in need.find(document)}
