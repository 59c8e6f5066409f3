"""A program without rights of its own uploads through the function URL, and finds verdicts.

What the local stack does not check (who may invoke, the signature of a POST) is listed in
local/DIFFERENCES.md.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from aidetect.samples import write_samples
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class UploadApi:
    """The function URL, signed as IAM wants it; found by its host name where DNS knows none."""

    stack: Stack
    url: str

    def post(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        body = json.dumps(document).encode()
        credentials = self.stack.session.get_credentials()
        assert credentials
        request = AWSRequest("POST", self.url, {"Content-Type": "application/json"}, body)
        SigV4Auth(credentials, "lambda", "us-east-1").add_auth(request)
        headers = {**dict(request.headers), "Host": urlsplit(self.url).netloc}
        answer = urllib3.request("POST", f"{self.stack.endpoint}/", body=body, headers=headers)
        return answer.status, json.loads(answer.data)


def send(upload: dict[str, Any], data: bytes, **changes: str) -> urllib3.BaseHTTPResponse:
    fields = {**upload["fields"], **changes, "file": (upload["file"], data)}
    return urllib3.request("POST", upload["url"], fields=fields)


@pytest.fixture(scope="module")
def api(stack: Stack) -> UploadApi:
    cloudformation = stack.session.client("cloudformation", endpoint_url=stack.endpoint)
    outputs = cloudformation.describe_stacks(StackName="aidetect")["Stacks"][0]["Outputs"]
    (url,) = [o["OutputValue"] for o in outputs if o["OutputKey"] == "UploadApiUrl"]
    return UploadApi(stack, url)


def test_an_upload_gets_its_verdict(stack: Stack, api: UploadApi, tmp_path: Path) -> None:
    photograph = write_samples(tmp_path)[-1]
    began = datetime.now(UTC) - timedelta(seconds=1)
    names = [photograph.name, "second é.jpg"]
    status, offer = api.post({"prefix": "shop/2026", "files": names})
    assert status == 200
    for upload in offer["uploads"]:
        assert send(upload, photograph.read_bytes()).status == 204
    bucket = stack.target.outputs.IntakeBucket
    prefix = offer["drop"].removeprefix(f"s3://{bucket}/")
    keys = frozenset(u["image"].removeprefix(f"s3://{bucket}/") for u in offer["uploads"])
    assert keys == set(stack.keys(bucket, prefix))
    rows, _ = stack.follow(prefix, keys, began)
    assert {row["image"] for row in rows} == {u["image"] for u in offer["uploads"]}
    assert {row["verdict"] for row in rows} <= {"real", "unsure", "ai"}
    assert all(row["image"].startswith(offer["drop"]) for row in rows)


def test_what_was_not_offered_is_refused(stack: Stack, api: UploadApi) -> None:
    _, offer = api.post({"files": ["a.jpg"]})
    (upload,) = offer["uploads"]
    # Below the least number of bytes; above the most would be 100 MB to send.
    assert send(upload, b"").status in {400, 403}
    assert send(upload, b"x", key="intake/planted.jpg").status == 403
    bucket = stack.target.outputs.IntakeBucket
    assert stack.keys(bucket, offer["drop"].removeprefix(f"s3://{bucket}/")) == []
    assert stack.keys(bucket, "intake/planted.jpg") == []


def test_what_is_no_request_is_refused(api: UploadApi) -> None:
    status, said = api.post({"prefix": "../x", "files": ["a.jpg"]})
    assert (status, said["error"].startswith("prefix: ")) == (400, True)
    status, said = api.post({"files": ["a.exe"]})
    assert (status, "is not scored" in said["error"]) == (400, True)


def test_the_functions_role_can_do_nothing_but_write_images(stack: Stack) -> None:
    iam = stack.session.client("iam", endpoint_url=stack.endpoint)
    roles = iam.list_roles(MaxItems=1000)["Roles"]
    (role,) = [r for r in roles if re.search("-UploadRole-", r["RoleName"])]
    document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="upload")
    statements: Any = document["PolicyDocument"]["Statement"]
    s3 = [s for s in statements if "s3" in str(s["Action"])]
    assert [(s["Action"], s["Resource"]) for s in s3] == [
        ("s3:PutObject", f"arn:aws:s3:::{stack.target.outputs.IntakeBucket}/intake/*")
    ]


def test_a_browser_may_send_what_it_was_handed(stack: Stack, api: UploadApi) -> None:
    _, offer = api.post({"files": ["a.jpg"]})
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = urllib3.request("OPTIONS", offer["uploads"][0]["url"], headers=headers)
    assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (200, "POST")
    headers["Access-Control-Request-Method"] = "DELETE"
    assert urllib3.request("OPTIONS", offer["uploads"][0]["url"], headers=headers).status == 403
