import fnmatch

import pytest

from detector.layout import EVIDENCE_PREFIX, RunLayout
from detector.purpose import Purpose
from detector.uri import S3Uri
from tests.policy.grants import grants
from tests.unit.template.document import listed, resources, statements, template, walk
from tests.unit.template.machine import Machine


@pytest.mark.parametrize("name", sorted(resources("AWS::IAM::Role")))
def test_every_role_is_used(name: str) -> None:
    others = {n: r for n, r in template()["Resources"].items() if n != name}
    named = ({"Fn::GetAtt": [name, "Arn"]}, {"Ref": name})
    assert any(part in named for part in walk(others))


@pytest.mark.parametrize("name", sorted(resources("AWS::IAM::Role")))
def test_services_act_for_this_account_only(name: str) -> None:
    trust = resources("AWS::IAM::Role")[name]["Properties"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    service = statement["Principal"]["Service"]
    # Lambda and EC2 take a role only from who may pass it; the others could be asked by strangers.
    if service not in {"lambda.amazonaws.com", "ec2.amazonaws.com"}:
        condition = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert statement["Condition"] == condition


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
        written = [
            resource
            for _, statement in statements(name)
            if "s3:PutObject" in listed(statement["Action"])
            for resource in listed(statement["Resource"])
        ]
        assert written == [
            *({"Fn::Sub": f"${{ResultsBucket.Arn}}/{p.rows_prefix}*"} for p in Purpose),
            {"Fn::Sub": "${ResultsBucket.Arn}/evidence/*"},
            {"Fn::Sub": "${ResultsBucket.Arn}/batches/*/shards/*"},
        ]


def who_may(action: str, resource: str) -> set[str]:
    """Return the roles that are allowed an action on a resource, as the template writes it."""
    return {
        role
        for role, statement in statements()
        if action in listed(statement["Action"])
        and any(resource in str(part) for part in listed(statement["Resource"]))
    }


def test_evidence_is_written_by_scorers_and_read_by_collect_alone() -> None:
    evidence = f"${{ResultsBucket.Arn}}/{EVIDENCE_PREFIX}*"
    assert who_may("s3:PutObject", evidence) == {"ExpressRole", "ScorerRole"}
    assert who_may("s3:GetObject", evidence) == {"CollectRole"}
    assert not who_may("s3:PutObject", "${ResultsBucket.Arn}/*")


def test_nobody_can_delete_an_object_but_what_training_left_behind() -> None:
    found = {
        (role, str(statement["Resource"]["Fn::Sub"]))
        for role, statement in statements()
        for action in listed(statement["Action"])
        if "Delete" in action and "s3" in action
    }
    assert found == {
        ("TrainerRole", "${TrainingBucket.Arn}/runs/*/checkpoints/*"),
        ("PreparationRole", "${TrainingBucket.Arn}/datasets/*/packing/*"),
    }


def test_only_promote_names_the_champion_and_keeps_the_log() -> None:
    assert who_may("ssm:PutParameter", "/champion") == {"PromoteRole"}
    assert who_may("s3:PutObject", "/promotions/*") == {"PromoteRole"}
    # Nor by a wider pattern of the same bucket.
    wide = [
        role
        for role, statement in statements()
        for part in listed(statement["Resource"])
        if "s3:PutObject" in listed(statement["Action"]) and "ModelsBucket.Arn}/*" in str(part)
    ]
    assert wide == []


def test_only_export_releases_detectors() -> None:
    assert who_may("s3:PutObject", "${ModelsBucket.Arn}/models/*") == {"PreparationRole"}


@pytest.mark.parametrize("name", ["PreparationRole", "TrainerRole", "SageMakerRole"])
def test_the_judged_write_neither_what_was_asked_nor_what_was_decided(name: str) -> None:
    layout = RunLayout("bucket", "train-1")
    allowed = [
        str(part["Fn::Sub"]).removeprefix("${TrainingBucket.Arn}/")
        for _, statement in statements(name)
        if "s3:PutObject" in listed(statement["Action"])
        for part in listed(statement["Resource"])
    ]

    def may_write(uri: S3Uri) -> bool:
        return any(fnmatch.fnmatchcase(uri.key, pattern) for pattern in allowed)

    assert not may_write(layout.description)
    assert not may_write(layout.gate)
    assert may_write(layout.stage("train")) is (name != "SageMakerRole")
    assert may_write(layout.prepared.join("run.json")) is (name == "PreparationRole")
    assert may_write(layout.evaluation) is (name == "TrainerRole")
    assert who_may("s3:PutObject", "/gate.json") == {"GateRole"}
    assert who_may("s3:PutObject", "/runs/*/run.json") == {"BeginRole"}


def test_sagemaker_may_do_less_than_a_job_of_batch() -> None:
    """It writes its archives besides, since it takes the files away; the job takes its own."""
    trainer, sagemaker = (
        {(g.action, g.resource) for g in grants(template()) if g.role == role}
        for role in ("TrainerRole", "SageMakerRole")
    )
    of_data = {(a, r) for a, r in sagemaker if a.startswith("s3:")}
    archives = "${TrainingBucket.Arn}/runs/*/sagemaker/*"
    assert of_data - trainer == {("s3:PutObject", archives)}


def test_a_role_is_handed_to_sagemaker_only() -> None:
    (statement,) = [s for _, s in statements() if "iam:PassRole" in listed(s["Action"])]
    assert statement["Resource"] == {"Fn::GetAtt": ["SageMakerRole", "Arn"]}
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert statement["Condition"] == condition


def test_the_machine_touches_training_jobs_of_its_stack_only() -> None:
    found = [
        s
        for _, s in statements("TrainingMachineRole")
        if any(a.startswith("sagemaker:") for a in listed(s["Action"]))
    ]
    keys = [next(iter(s["Condition"]["StringEquals"].items())) for s in found]
    stack = {"Ref": "AWS::StackName"}
    assert keys == [("aws:RequestTag/Project", stack), ("aws:ResourceTag/Project", stack)]
    (tag,) = Machine("training").states["TrainOnSageMaker"]["Parameters"]["Tags"]
    assert tag == {"Key": "Project", "Value": "${Stack}"}
    assert Machine("training").resource["DefinitionSubstitutions"]["Stack"] == stack


@pytest.mark.parametrize("name", ["TrainerRole", "SageMakerRole"])
def test_the_one_secret_is_read_by_name_where_there_is_one(name: str) -> None:
    (policy, *_) = resources("AWS::IAM::Role")[name]["Properties"]["Policies"]
    conditional = [s["Fn::If"] for s in policy["PolicyDocument"]["Statement"] if "Fn::If" in s]
    ((_, statement, otherwise),) = [found for found in conditional if found[0] == "HasWandb"]
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    assert statement["Resource"] == {"Ref": "WandbSecretArn"}


def test_every_revision_of_a_stages_job_can_be_submitted() -> None:
    (submit,) = [
        s for _, s in statements("TrainingMachineRole") if "batch:SubmitJob" in listed(s["Action"])
    ]
    arns = [part["Fn::Sub"] for part in submit["Resource"] if "Fn::Sub" in part]
    for name in ("preparation", "trainer"):
        assert sum(arn.endswith(f"/${{AWS::StackName}}-{name}:*") for arn in arns) == 1


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
