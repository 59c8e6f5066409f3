import pytest

from detector.layout import (
    BATCHES_PREFIX,
    EVIDENCE_PREFIX,
    FEATURES_PREFIX,
    FEEDBACK_PREFIX,
    RESULTS_PREFIX,
)
from tests.unit.template.document import chosen, resources, template

BUCKETS = resources("AWS::S3::Bucket")


@pytest.mark.parametrize("name", sorted(BUCKETS))
def test_bucket_is_private_and_tls_only(name: str) -> None:
    properties = BUCKETS[name]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (policy,) = [
        p["Properties"]["PolicyDocument"]
        for p in resources("AWS::S3::BucketPolicy").values()
        if p["Properties"]["Bucket"] == {"Ref": name}
    ]
    (statement,) = [s for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert (statement["Principal"], statement["Action"]) == ("*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [
        {"Fn::GetAtt": [name, "Arn"]},
        {"Fn::Sub": f"${{{name}.Arn}}/*"},
    ]
    allowed = [s["Sid"] for s in policy["Statement"] if s["Effect"] == "Allow"]
    assert allowed == (["DeliverAccessLogs"] if name == "AccessLogBucket" else [])


@pytest.mark.parametrize("name", sorted(BUCKETS))
def test_stray_uploads_are_cleared(name: str) -> None:
    rules = BUCKETS[name]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_only_features_expire_of_what_training_keeps() -> None:
    rules = BUCKETS["TrainingBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert expiring == {FEATURES_PREFIX: 90}


def test_evidence_goes_with_the_results_and_feedback_stays() -> None:
    rules = BUCKETS["ResultsBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    optional = [rule["Fn::If"] for rule in rules if "Fn::If" in rule]
    assert {condition for condition, _, _ in optional} == {"ResultsExpire"}
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for _, rule, _ in optional}
    days = {"Ref": "ResultsRetentionDays"}
    assert expiring == dict.fromkeys([RESULTS_PREFIX, BATCHES_PREFIX, EVIDENCE_PREFIX], days)
    assert FEEDBACK_PREFIX not in str(rules)


def test_versions_are_kept_of_what_cannot_be_made_again() -> None:
    kept = {n for n, b in BUCKETS.items() if "VersioningConfiguration" in b["Properties"]}
    assert kept == {"ModelsBucket", "ResultsBucket"}
    for name in kept:
        rules = BUCKETS[name]["Properties"]["LifecycleConfiguration"]["Rules"]
        # Else what a retention period deletes would stay for ever as an older version.
        assert any("NoncurrentVersionExpiration" in rule for rule in rules)


def test_results_detectors_and_runs_outlive_the_stack() -> None:
    for name in ("ResultsBucket", "ModelsBucket", "TrainingBucket", "AccessLogBucket"):
        assert BUCKETS[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        # A fixed name would make the next stack stumble over the kept bucket.
        assert "BucketName" not in BUCKETS[name]["Properties"]
    assert BUCKETS["ModelsBucket"]["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("name", sorted(BUCKETS))
def test_an_update_that_replaces_a_bucket_leaves_what_is_in_it(name: str) -> None:
    assert BUCKETS[name]["UpdateReplacePolicy"] == "Retain"


def test_an_update_leaves_the_revisions_that_executions_began_with() -> None:
    definitions = resources("AWS::Batch::JobDefinition")
    assert len(definitions) == 3
    for definition in definitions.values():
        policy = definition["Properties"]["ResourceRetentionPolicy"]
        assert policy == {"SkipDeregisterOnUpdate": True}


def test_browsers_may_send_only_what_is_presigned_for_them() -> None:
    rules = {
        name: chosen(found["Properties"]["CorsConfiguration"])["CorsRules"]
        for name, found in BUCKETS.items()
        if "CorsConfiguration" in found["Properties"]
    }
    allowed = {
        name: [(r["AllowedMethods"], r.get("AllowedHeaders", [])) for r in found]
        for name, found in rules.items()
    }
    # The content type is signed with a PUT; a form of a POST needs no header of its own.
    assert allowed == {
        "ResultsBucket": [(["PUT"], ["content-type"])],
        "IntakeBucket": [(["POST"], [])],
    }
    condition = BUCKETS["IntakeBucket"]["Properties"]["CorsConfiguration"]["Fn::If"][0]
    assert condition == "HasUploadApi"


def test_the_upload_function_exists_only_when_asked_for() -> None:
    document = template()
    parts = ("UploadFunction", "UploadRole", "UploadLogs")
    assert {document["Resources"][part]["Condition"] for part in parts} == {"HasUploadApi"}
    assert document["Outputs"]["UploadApiUrl"]["Condition"] == "HasUploadApi"
    assert document["Parameters"]["UploadApi"]["Default"] == "off"
    function = document["Resources"]["UploadFunction"]["Properties"]
    assert function["FunctionUrlConfig"] == {"AuthType": "AWS_IAM"}
