"""Parts of AWS that training uses, on the local AWS: a small template of their own.

SageMaker training jobs under a state machine, Batch jobs with a mounted folder and a secret, a rule
on failed executions.
"""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from local.emulator.aidetect_emulator import iam_log
from local.options import UpOptions
from local.session import session
from local.stack import down, up
from tests.integration.conftest import free_port
from tests.integration.stack import eventually

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_stepfunctions import SFNClient

pytestmark = pytest.mark.integration
TEMPLATE = Path(__file__).parent / "data" / "managed" / "template.yaml"


@dataclass
class Cloud:
    """The deployed template."""

    clients: boto3.Session
    endpoint: str
    values: dict[str, str]
    home: Path

    @property
    def s3(self) -> "S3Client":
        return self.clients.client("s3", endpoint_url=self.endpoint)

    @property
    def sfn(self) -> "SFNClient":
        return self.clients.client("stepfunctions", endpoint_url=self.endpoint)

    @property
    def sagemaker(self) -> "SageMakerClient":
        return self.clients.client("sagemaker", endpoint_url=self.endpoint)

    @property
    def batch(self) -> "BatchClient":
        return self.clients.client("batch", endpoint_url=self.endpoint)

    @property
    def logs(self) -> Any:
        make: Any = self.clients.client
        return make("logs", endpoint_url=self.endpoint)

    def put(self, key: str, text: str) -> None:
        self.s3.put_object(Bucket=self.values["Bucket"], Key=key, Body=text.encode())

    def get(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.values["Bucket"], Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        answer = self.s3.list_objects_v2(Bucket=self.values["Bucket"], Prefix=prefix)
        return [found["Key"] for found in answer.get("Contents", [])]

    def start(self, job: str, how: str, seconds: int = 60) -> str:
        return self.sfn.start_execution(
            stateMachineArn=self.values["Machine"],
            name=job,
            input=json.dumps({"job": job, "how": how, "seconds": seconds}),
        )["executionArn"]

    def end(self, arn: str) -> Any:
        def ended() -> Any:
            found = self.sfn.describe_execution(executionArn=arn)
            return None if found["status"] == "RUNNING" else found

        return eventually(ended, what=f"the end of {arn}")

    def lines(self, group: str, stream: str) -> list[str]:
        try:
            found = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=stream)
        except self.logs.exceptions.ResourceNotFoundException:
            return []
        if not found["logStreams"]:
            return []
        (only,) = found["logStreams"]
        events = self.logs.get_log_events(
            logGroupName=group, logStreamName=only["logStreamName"], startFromHead=True
        )
        return [event["message"] for event in events["events"]]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """An emulator of its own, so that no other test's stack is in the way."""
    home = tmp_path_factory.mktemp("managed-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIDETECT_HOME", str(home))
        outputs = up(
            UpOptions(port=free_port(), stack="managed", template=TEMPLATE, detector=False)
        )
        deployed = Cloud(
            session(outputs.region), outputs.endpoint, dict(outputs.values), home.resolve()
        )
        deployed.put("datasets/one/dataset.json", "{}")
        deployed.put("datasets/one/train/0.tar", "tar")
        deployed.put("runs/one/checkpoints/step-0", "earlier")
        yield deployed
        down()


def test_a_training_job_reads_and_writes_what_the_contract_names(cloud: Cloud) -> None:
    ended = cloud.end(cloud.start("managed-Good", "well"))
    assert ended["status"] == "SUCCEEDED", ended
    output = json.loads(ended["output"])
    assert (output["TrainingJobStatus"], output["SecondaryStatus"]) == ("Completed",) * 2
    assert isinstance(output["TrainingEndTime"], int)
    assert output["FinalMetricDataList"][0]["Value"] == 0.25
    steps = [t["Status"] for t in output["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    place = "runs/one/sagemaker/managed-Good/output/model.tar.gz"
    assert output["ModelArtifacts"]["S3ModelArtifacts"].endswith(place)
    with tarfile.open(fileobj=io.BytesIO(cloud.get(place)), mode="r:gz") as archive:
        member = archive.extractfile("told.json")
        assert member is not None
        told = json.load(member)
    assert told["seen"] == ["dataset.json", "train"]
    assert told["earlier"] == ["step-0"]
    assert Path(told["scratch"]).is_relative_to(cloud.home)
    assert cloud.get("runs/one/checkpoints/step-1") == b"weights"
    said = cloud.lines("/aws/sagemaker/TrainingJobs", "managed-Good/algo-1-")
    assert said == ["metric train/loss=0.5", "metric train/loss=0.25 managed-Good"]
    # The job's own disk is gone with it.
    eventually(lambda: not Path(told["scratch"]).exists() or None, what="the folder's removal")


def test_a_failure_says_why_in_the_state_and_the_rule_hears_of_it(cloud: Cloud) -> None:
    ended = cloud.end(cloud.start("managed-bad", "fail"))
    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(ended["cause"])
    assert cause["TrainingJobStatus"] == "Failed"
    reason = cause["FailureReason"]
    assert reason.startswith("AlgorithmError: the dataset holds one class only: xxx")
    assert reason.endswith(", exit code: 2")
    assert len(reason) == 1024
    assert not cloud.keys("runs/one/sagemaker/managed-bad/output/model")
    eventually(lambda: cloud.keys("heard/managed-bad.json") or None, what="the rule's function")
    heard = json.loads(cloud.get("heard/managed-bad.json"))
    assert heard["source"] == "aws.states"
    assert heard["detail"]["status"] == "FAILED"
    assert json.loads(heard["detail"]["input"])["how"] == "fail"
    assert heard["detail"]["error"] == "States.TaskFailed"


def test_a_name_is_taken_once(cloud: Cloud) -> None:
    first = cloud.end(cloud.start("managed-once", "well"))
    assert first["status"] == "SUCCEEDED"
    again = cloud.sfn.start_execution(
        stateMachineArn=cloud.values["Machine"],
        input=json.dumps({"job": "managed-once", "how": "well", "seconds": 60}),
    )
    ended = cloud.end(again["executionArn"])
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.ResourceInUseException")
    assert "already exists" in ended["cause"]


def test_a_role_that_may_not_is_refused(cloud: Cloud) -> None:
    ended = cloud.end(cloud.start("other-name", "well"))
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.AmazonSageMakerException")
    assert "sagemaker:CreateTrainingJob" in ended["cause"]
    refused = {(r.role, r.action) for r in iam_log.read(cloud.home / "iam-denied.jsonl")}
    assert {action for _, action in refused} == {"sagemaker:CreateTrainingJob"}


def test_a_stop_and_a_limit_leave_the_checkpoint(cloud: Cloud) -> None:
    stopped = cloud.start("managed-stop", "wait")
    out_of_time = cloud.start("managed-long", "wait", seconds=2)

    def training() -> bool | None:
        try:
            found = cloud.sagemaker.describe_training_job(TrainingJobName="managed-stop")
        except cloud.sagemaker.exceptions.ClientError:
            return None
        return True if found["SecondaryStatus"] == "Training" else None

    eventually(training, what="the training")
    # The process has begun once its first line is there.
    eventually(
        lambda: cloud.lines("/aws/sagemaker/TrainingJobs", "managed-stop/") or None, what="a line"
    )
    cloud.sagemaker.stop_training_job(TrainingJobName="managed-stop")
    for arn, secondary in ((stopped, "Stopped"), (out_of_time, "MaxRuntimeExceeded")):
        cause = json.loads(cloud.end(arn)["cause"])
        assert (cause["TrainingJobStatus"], cause["SecondaryStatus"]) == ("Stopped", secondary)
    assert cloud.get("runs/one/checkpoints/stopped") == b"kept"


def test_a_stopped_execution_stops_its_jobs(cloud: Cloud) -> None:
    arn = cloud.start("managed-abort", "wait")
    stream = "managed-abort/"
    eventually(lambda: cloud.lines("/aws/sagemaker/TrainingJobs", stream) or None, what="a line")
    cloud.sfn.stop_execution(executionArn=arn, error="Enough", cause="by hand")
    assert cloud.end(arn)["status"] == "ABORTED"

    def ended() -> Any:
        found = cloud.sagemaker.describe_training_job(TrainingJobName="managed-abort")
        return found if found["TrainingJobStatus"] not in ("InProgress", "Stopping") else None

    assert eventually(ended, what="the job's end")["TrainingJobStatus"] == "Stopped"

    sleep = cloud.sfn.start_execution(stateMachineArn=cloud.values["Sleeper"])["executionArn"]

    def jobs(status: str) -> Any:
        found = cloud.batch.list_jobs(jobQueue=cloud.values["Queue"], jobStatus=status)  # type: ignore[arg-type]
        return [j for j in found["jobSummaryList"] if j["jobName"] == "sleeper"] or None

    eventually(lambda: jobs("RUNNING"), what="the sleeper")
    cloud.sfn.stop_execution(executionArn=sleep)
    (job,) = eventually(lambda: jobs("FAILED"), what="the sleeper's end")
    assert job["statusReason"] == "Execution stopped"


def test_batch_jobs_of_two_queues_share_the_hosts_folder(cloud: Cloud) -> None:
    said = []
    for queue in ("Queue", "OtherQueue"):
        job = cloud.batch.submit_job(
            jobName="job", jobQueue=cloud.values[queue], jobDefinition=cloud.values["Job"]
        )["jobId"]

        def ended(job: str = job) -> Any:
            (found,) = cloud.batch.describe_jobs(jobs=[job])["jobs"]
            return found if found["status"] in ("SUCCEEDED", "FAILED") else None

        found = eventually(ended, what="the job")
        assert found["status"] == "SUCCEEDED", found
        said += cloud.lines("/aws/batch/job", found["container"]["logStreamName"])
    assert [line for line in said if line.startswith("before")] == ["before: False", "before: True"]
    assert [line for line in said if line.startswith("secret")] == ["secret: open sesame"] * 2
    # A volume without a folder is an attempt's own, and gone with it.
    assert said.count("own before: False") == 2
    volumes = [Path(line.split(": ")[1]) for line in said if line.startswith("own: ")]
    assert len(set(volumes)) == 2
    assert not any(volume.exists() for volume in volumes)
    folder = next(line for line in said if line.startswith("folder")).split(": ")[1]
    assert Path(folder).is_relative_to(cloud.home)
    assert folder.endswith(os.path.join("mnt", "scratch", "work"))  # noqa: PTH118
