"""From labelled images to the detector in use, through the deployed state machine.

The encoder is a tiny one in a folder of the bucket, and the images are pictures that it can tell
apart; everything else is real: queues, jobs, roles, the gate, and the champion it has to beat.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from aidetect.main import app
from aidetect.training_start import new_run, resume
from aidetect.training_watch import RunState, watch
from detector.champion import read_champion
from detector.layout import RunLayout
from detector.promotion import PromotionLog
from detector.training_run import Comparison, Outcome, Stage
from detector.uri import S3Uri
from tests.integration.stack import Stack, eventually
from tests.unit.training.tiny import encoder_files, make_images
from training.head import HeadRecord

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.integration
SOURCES = ("one", "two", "three", "four")
PER_SOURCE = 12
# Weak penalties: there are few pictures, and the classes are far apart.
STRENGTHS = [1.0, 10.0]
PATIENCE = 400.0


@dataclass
class School:
    """A stack with an encoder, labelled pictures, and a log of promotions."""

    stack: Stack
    pictures: Path
    encoder: str
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def bucket(self) -> str:
        return self.stack.target.outputs.TrainingBucket

    @property
    def log(self) -> PromotionLog:
        target = self.stack.target
        return PromotionLog(
            target.s3, target.ssm, target.outputs.ModelsBucket, target.outputs.ChampionParameter
        )

    @property
    def champion(self) -> str:
        target = self.stack.target
        found = read_champion(
            ssm=target.ssm,
            parameter=target.outputs.ChampionParameter,
            bucket=target.outputs.ModelsBucket,
        )
        return str(found)

    def put(self, key: str, body: bytes) -> None:
        self.stack.target.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def read(self, run: str, name: str) -> bytes:
        where = RunLayout(self.bucket, run).root.join(name)
        return self.stack.target.s3.get_object(Bucket=where.bucket, Key=where.key)["Body"].read()

    def start(self, **asked: Any) -> tuple[str, str]:
        run = new_run(datetime.now(UTC))
        document = {"encoder": self.encoder, "name": "tiny", **asked}
        arn = self.stack.target.sfn.start_execution(
            stateMachineArn=self.stack.target.outputs.TrainingStateMachineArn,
            name=run,
            input=json.dumps(document),
        )["executionArn"]
        return run, arn

    def end(self, run: str, arn: str) -> RunState:
        return watch(self.stack.target, run, arn, timeout=PATIENCE, show=lambda _state: None)

    def train(self, **asked: Any) -> tuple[str, RunState]:
        run, arn = self.start(**asked)
        state = self.end(run, arn)
        assert state.completed is not None, (state.why, state.failure)
        return run, state


@pytest.fixture(scope="module")
def school(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    pictures = make_images(tmp_path_factory.mktemp("school") / "pictures", PER_SOURCE, SOURCES)
    bucket = stack.target.outputs.TrainingBucket
    found = School(stack, pictures, str(S3Uri(bucket, "encoders/tiny/")))
    for name, data in encoder_files().items():
        found.put(f"encoders/tiny/{name}", data)
    before = found.champion
    yield found
    # Whatever failed here, the tests of scoring find the detector that they count on.
    if found.champion != before:
        found.log.rollback(by="the tests", reason="done with training")


def listen(stack: Stack) -> tuple["SQSClient", str]:
    """Return a queue that hears of every run that completes."""
    sqs = stack.target.sqs
    queue = sqs.create_queue(QueueName="training-news")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    stack.events.put_rule(
        Name="training-news",
        EventPattern=json.dumps({"source": ["aidetect"], "detail-type": ["TrainingCompleted"]}),
    )
    stack.events.put_targets(
        Rule="training-news", Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}]
    )
    return sqs, queue


def command(*arguments: str) -> Result:
    result = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result


def test_one_command_trains_the_detector_that_scores_the_next_image(
    school: School, tmp_path: Path
) -> None:
    sqs, queue = listen(school.stack)
    before = school.champion
    page = tmp_path / "page.html"
    shown = command(
        "train", str(school.pictures), "--encoder", school.encoder, "--name", "tiny",
        "--set", f"strengths={STRENGTHS}", "--page", str(page), "--reason", "a test", "--json",
    )  # fmt: skip
    document = json.loads(shown.stdout)
    assert document["completed"]["outcome"] == Outcome.PROMOTED, document["completed"]["reasons"]
    run, challenger = document["run"], document["completed"]["challenger"]
    school.runs["batch"] = run
    assert school.champion == challenger != before
    assert "Content-Security-Policy" in page.read_text()
    # The champion was measured on the same pictures: it never learnt from them.
    comparison = Comparison.parse(school.read(run, "comparison.json"))
    assert comparison.champion == before
    assert {row.basis for row in comparison.rows} == {"measured"}
    # The next image is scored by it.
    drop = tmp_path / "drop"
    drop.mkdir()
    picture = next((school.pictures / "ai").rglob("*.png"))
    (drop / "picture.png").write_bytes(picture.read_bytes())
    rows, _ = school.stack.drop(drop)
    assert [row["detector"] for row in rows] == [challenger]
    assert rows[0]["probability"] > 0.5
    # Who, when and why is on record.
    last = school.log.history()[-1]
    assert (str(last.detector), str(last.previous), last.run) == (challenger, before, run)

    def news() -> dict[str, Any] | None:
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        return json.loads(messages[0]["Body"])["detail"] if messages else None

    assert eventually(news, what="the event")["run"] == run


def test_sagemaker_differs_by_one_field_and_comes_to_the_same(school: School) -> None:
    batch = school.runs["batch"]
    asked = json.loads(school.read(batch, "run.json"))["request"]
    run, state = school.train(**{**asked, "compute": "sagemaker"})
    # The same weights, so no better than what is in use by now.
    assert state.completed is not None
    assert state.completed.outcome is Outcome.REFUSED
    assert any("not above" in reason for reason in state.completed.reasons)
    keys = school.stack.keys(school.bucket, f"runs/{run}/sagemaker/")
    assert [key.split("/")[-1] for key in keys].count("model.tar.gz") == 1
    one, other = (
        json.loads(school.read(name, "evaluation.json"))["variants"] for name in (batch, run)
    )
    assert one == other
    assert school.champion == state.completed.champion


def test_a_run_that_failed_goes_on_where_it_failed(school: School) -> None:
    def upload(label: str) -> None:
        for path in sorted((school.pictures / label).rglob("*.png")):
            name = path.relative_to(school.pictures).as_posix()
            school.put(f"raw/{name}", path.read_bytes())

    upload("real")
    run, arn = school.start(dataset=str(S3Uri(school.bucket, "raw/")), promote=False)
    state = school.end(run, arn)
    assert state.completed is None
    assert state.failure is not None
    assert state.failure.stage is Stage.PREPARE
    assert "ai" in state.failure.message
    # No GPU was asked for.
    queue = school.stack.target.outputs.JobQueueArn
    names = [j["jobName"] for j in school.stack.batch.list_jobs(jobQueue=queue)["jobSummaryList"]]
    assert not [name for name in names if run in name]
    upload("ai")
    state = school.end(run, resume(school.stack.target, run, datetime.now(UTC)))
    assert state.completed is not None, state.why
    assert [record.stage for record in state.stages][:4] == [
        Stage.PREPARE, Stage.TRAIN, Stage.EVALUATE, Stage.EXPORT,
    ]  # fmt: skip


def test_a_search_keeps_the_best_of_its_trials(school: School) -> None:
    asked = json.loads(school.read(school.runs["batch"], "run.json"))["request"]
    run, _ = school.train(
        **{**asked, "recipe": "layernorm", "sweep": 2, "promote": False, "name": "tiny-search"},
    )
    models = [
        HeadRecord.parse(school.read(run, f"trials/{number:05d}/model/head.json"))
        for number in range(2)
    ]
    chosen = HeadRecord.parse(school.read(run, "model/head.json"))
    assert chosen.weights in [model.weights for model in models]
    assert chosen.adaptation is not None


def test_going_back_is_one_command(school: School) -> None:
    present, before = school.champion, school.log.history()[0].detector
    shown = command("rollback", "--reason", "a test")
    assert school.champion == str(before) != present
    assert str(before) in shown.output
    history = command("detector", "history").output
    assert "rollback" in history
    assert present in history
