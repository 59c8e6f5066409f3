"""Roles are enforced: each part does its work with its own role, and may do nothing else.

That no call of the whole session was refused is asserted where the stack is taken down.
"""

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


def as_scorer(stack: Stack) -> boto3.Session:
    """Return a session with the credentials that a Batch job is given."""
    definitions = stack.batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    role = next(d["containerProperties"]["jobRoleArn"] for d in definitions)
    sts = stack.session.client("sts", endpoint_url=stack.endpoint)
    got = sts.assume_role(RoleArn=role, RoleSessionName="forbidden")["Credentials"]
    return boto3.Session(
        got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], region_name="us-east-1"
    )


def test_the_scorer_can_neither_delete_nor_reach_other_services(stack: Stack) -> None:
    stack.put("held/kept.jpg", b"x")
    session, bucket = as_scorer(stack), stack.target.outputs.IntakeBucket
    s3 = session.client("s3", endpoint_url=stack.endpoint)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="held/kept.jpg")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="intake/planted.jpg", Body=b"x")
    # Evidence it writes and never reads, and nothing else under the bucket's other names.
    results = stack.target.outputs.ResultsBucket
    s3.put_object(Bucket=results, Key="evidence/probe.parquet", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=results, Key="evidence/probe.parquet")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=results, Key="feedback/planted.jsonl", Body=b"x")
    ssm = session.client("ssm", endpoint_url=stack.endpoint)
    with pytest.raises(ClientError, match="AccessDenied"):
        ssm.put_parameter(
            Name=stack.target.outputs.ChampionParameter, Value="evil@1", Overwrite=True
        )
    assert "held/kept.jpg" in stack.keys(bucket, "held/kept.jpg")
