import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from detector.manifest import read_lines
from functions import aws
from functions.intake.handler import handler, read_settings
from functions.intake.recent import Recent
from tests.unit.functions.conftest import RESULTS
from tests.unit.functions.uploads import body, event, record

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient


@pytest.fixture
def machine(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    role = "arn:aws:iam::123456789012:role/r"
    arn = boto3.client("stepfunctions").create_state_machine(
        name="scoring",
        roleArn=role,
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
    )["stateMachineArn"]
    monkeypatch.setenv("RESULTS_BUCKET", RESULTS)
    monkeypatch.setenv("STATE_MACHINE_ARN", arn)
    monkeypatch.setattr("functions.intake.handler.recent", Recent())
    read_settings.cache_clear()
    yield arn
    read_settings.cache_clear()


def started(machine: str) -> list[dict[str, Any]]:
    states: SFNClient = boto3.client("stepfunctions")
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    return [
        json.loads(states.describe_execution(executionArn=e["executionArn"])["input"])
        for e in executions
    ]


def test_uploads_become_one_manifest_and_one_execution(
    s3: "S3Client", machine: str, context: Any
) -> None:
    answer = handler(event(body(record("b.jpg"), record("a.jpg")), body(record("c.jpg"))), context)
    assert answer == {"batchItemFailures": []}
    (given,) = started(machine)
    assert given["manifest"] == f"s3://{RESULTS}/batches/{given['batch']}/manifest.jsonl"
    key = given["manifest"].split("/", 3)[3]
    lines = s3.get_object(Bucket=RESULTS, Key=key)["Body"].read().splitlines()
    assert [entry.key for entry in read_lines(lines)] == ["a.jpg", "b.jpg", "c.jpg"]


def test_arrivals_are_a_metric_once(
    s3: "S3Client",
    machine: str,
    context: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AIDETECT_STACK", "mine")
    for _ in range(2):
        handler(event(body(record("a.jpg"), record("b.jpg"))), context)
    lines = [json.loads(x) for x in capsys.readouterr().out.splitlines() if '"_aws"' in x]
    assert [line["ImagesArrived"] for line in lines] == [2]


def test_five_deliveries_start_one_batch(s3: "S3Client", machine: str, context: Any) -> None:
    for _ in range(5):
        handler(event(body(record("a.jpg"))), context)
    assert len(started(machine)) == 1
    assert s3.list_objects_v2(Bucket=RESULTS)["KeyCount"] == 1


def test_five_deliveries_to_functions_without_memory_start_one_batch(
    s3: "S3Client", machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        monkeypatch.setattr("functions.intake.handler.recent", Recent())
        handler(event(body(record("a.jpg"))), context)
    assert len(started(machine)) == 1
    assert s3.list_objects_v2(Bucket=RESULTS)["KeyCount"] == 1


def test_a_repetition_in_another_gathering_is_left_out(machine: str, context: Any) -> None:
    handler(event(body(record("a.jpg"))), context)
    handler(event(body(record("a.jpg")), body(record("b.jpg"))), context)
    handler(event(body(record("b.jpg"), record("a.jpg"))), context)
    assert len(started(machine)) == 2


def test_what_could_not_be_started_is_not_remembered(
    s3: "S3Client", machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESULTS_BUCKET", "not-there")
    read_settings.cache_clear()
    with pytest.raises(ClientError, match="NoSuchBucket"):
        handler(event(body(record("a.jpg"))), context)
    monkeypatch.setenv("RESULTS_BUCKET", RESULTS)
    read_settings.cache_clear()
    handler(event(body(record("a.jpg"))), context)
    assert len(started(machine)) == 1


def test_execution_that_ended_is_not_started_again(
    s3: "S3Client", machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = boto3.client("stepfunctions")
    with Stubber(states) as stub:
        stub.add_client_error("start_execution", "ExecutionAlreadyExists")
        monkeypatch.setattr("functions.intake.handler.states_client", lambda: states)
        assert handler(event(body(record("a.jpg"))), context) == {"batchItemFailures": []}
        stub.assert_no_pending_responses()


def test_a_lost_answer_is_no_refusal(
    s3: "S3Client", machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the upload would get a second batch, when it comes back together with another."""
    states = boto3.client("stepfunctions", config=Config(retries={"total_max_attempts": 1}))

    def lose(**_: Any) -> None:
        raise ReadTimeoutError(endpoint_url="states")

    states.meta.events.register("after-call.stepfunctions.StartExecution", lose)
    monkeypatch.setattr("functions.intake.handler.states_client", lambda: states)
    handler(event(body(record("a.jpg"))), context)
    handler(event(body(record("a.jpg")), body(record("b.jpg"))), context)
    assert len({given["batch"] for given in started(machine)}) == 2
    manifests = s3.list_objects_v2(Bucket=RESULTS)["Contents"]
    keys = [
        entry.key
        for found in manifests
        for entry in read_lines(
            s3.get_object(Bucket=RESULTS, Key=found["Key"])["Body"].read().splitlines()
        )
    ]
    assert sorted(keys) == ["a.jpg", "b.jpg"]


def test_a_refused_start_gives_every_message_back(
    machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = boto3.client("stepfunctions")
    with Stubber(states) as stub:
        stub.add_client_error("start_execution", "ThrottlingException")
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
        monkeypatch.setattr("functions.intake.handler.states_client", lambda: states)
        with pytest.raises(ClientError, match="Throttling"):
            handler(event(body(record("a.jpg"))), context)
        stub.assert_no_pending_responses()


def test_only_poison_goes_back(machine: str, context: Any) -> None:
    answer = handler(event("nonsense", body(record("a.jpg"))), context)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(started(machine)) == 1


def test_nothing_to_score_starts_nothing(machine: str, context: Any) -> None:
    assert handler(event(json.dumps({"Event": "s3:TestEvent"})), context) == {
        "batchItemFailures": []
    }
    assert started(machine) == []


def test_refusal_of_a_service_gives_every_message_back(
    s3: "S3Client", machine: str, context: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESULTS_BUCKET", "not-there")
    read_settings.cache_clear()
    with pytest.raises(ClientError, match="NoSuchBucket"):
        handler(event(body(record("a.jpg"))), context)
    assert started(machine) == []


def test_clients_are_made_once(machine: str) -> None:
    assert aws.s3_client() is aws.s3_client()
    assert aws.ssm_client() is aws.ssm_client()
