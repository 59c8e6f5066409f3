"""The main job: dropped images become rows, once each, whatever is delivered how often."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aidetect.samples import write_samples
from detector.layout import BatchLayout
from detector.manifest import read_lines
from detector.row import COLUMNS
from tests.integration.stack import Stack, eventually, s3_event

pytestmark = pytest.mark.integration
# Longer than the local stack waits for a first message: aidetect_emulator/sqs_poller.py.
POLL_SECONDS = 3.0


def test_photographs_get_verdicts(stack: Stack, tmp_path: Path) -> None:
    written = write_samples(tmp_path)
    rows, progress = stack.drop(tmp_path)
    assert sorted(Path(r["key"]).name for r in rows) == sorted(p.name for p in written)
    assert {r["verdict"] for r in rows} <= {"real", "unsure", "ai"}
    assert all(0 <= r["probability"] <= 1 and r["reason"] is None for r in rows)
    assert {r["lane"] for r in rows} == {"express"}
    assert all(list(r) == [c.name for c in COLUMNS] for r in rows)
    for execution in progress.batches:
        counts = stack.summary(execution.batch).counts
        assert counts.rows == sum(counts.verdicts.values())


def test_one_event_delivered_five_times_starts_one_batch(stack: Stack, tmp_path: Path) -> None:
    key = "held/twice delivered+é.jpg"
    # Outside intake/, so that no event but ours names it.
    stack.put(key, write_samples(tmp_path)[0].read_bytes())
    began = datetime.now(UTC) - timedelta(seconds=1)
    bucket, queue = stack.target.outputs.IntakeBucket, stack.target.outputs.ArrivalsQueueUrl
    for _ in range(5):
        stack.target.sqs.send_message(QueueUrl=queue, MessageBody=s3_event(bucket, key))
    rows, progress = stack.follow("held/", frozenset({key}), began)

    def drained() -> bool | None:
        found = stack.target.sqs.get_queue_attributes(
            QueueUrl=queue,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return True if all(int(v) == 0 for v in found["Attributes"].values()) else None

    eventually(drained, what="an empty arrivals queue")
    assert len(rows) == 1
    assert len(progress.batches) == 1
    assert [e.batch for e in stack.executions(began)] == [progress.batches[0].batch]


def test_a_batch_says_that_it_is_done(stack: Stack, tmp_path: Path) -> None:
    sqs = stack.target.sqs
    inbox = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]
    stack.sns.subscribe(
        TopicArn=stack.target.outputs.CompletedTopicArn,
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    rule = stack.events.put_rule(
        Name="told", EventPattern=json.dumps({"source": ["aidetect"]}), State="ENABLED"
    )
    assert rule["RuleArn"]
    stack.events.put_targets(Rule="told", Targets=[{"Id": "q", "Arn": arn["QueueArn"]}])
    write_samples(tmp_path)
    _, progress = stack.drop(tmp_path)
    batches = {e.batch for e in progress.batches}
    heard: list[dict[str, object]] = []

    def both() -> bool | None:
        for message in sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            heard.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=inbox, ReceiptHandle=message["ReceiptHandle"])
        by_topic = {m["batch"] for m in heard if "batch" in m}
        by_bus = {m["detail"]["batch"] for m in heard if isinstance(m.get("detail"), dict)}  # type: ignore[index]
        return True if batches <= by_topic and batches <= by_bus else None

    eventually(both, what="the event and the notification")


def test_a_message_that_is_no_event_ends_in_the_dead_letter_queue(stack: Stack) -> None:
    outputs, sqs = stack.target.outputs, stack.target.sqs
    url = outputs.ArrivalsQueueUrl
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    # Eleven minutes between tries are right on AWS, and too long for a test.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    # A poll that is under way would still hide what it receives for as long as before.
    time.sleep(POLL_SECONDS)
    sqs.send_message(QueueUrl=url, MessageBody="{not an event")

    def dead() -> str | None:
        found = sqs.receive_message(QueueUrl=outputs.ArrivalsDlqUrl, WaitTimeSeconds=1)
        return next((m["Body"] for m in found.get("Messages", [])), None)

    try:
        assert eventually(dead, seconds=180, what="the poison in the DLQ") == "{not an event"
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=kept["Attributes"])


def test_manifest_holds_what_was_dropped(stack: Stack, tmp_path: Path) -> None:
    write_samples(tmp_path)
    (tmp_path / "notes.txt").write_text("no image")
    rows, progress = stack.drop(tmp_path)
    keys = []
    for execution in progress.batches:
        uri = BatchLayout(stack.target.outputs.ResultsBucket, execution.batch).manifest
        body = stack.target.s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"]
        keys += [e.key for e in read_lines(body.iter_lines())]
    assert sorted(keys) == sorted(r["key"] for r in rows)
    assert [r["reason"] for r in rows if r["key"].endswith(".txt")] == ["unsupported"]
