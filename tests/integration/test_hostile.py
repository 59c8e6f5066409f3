"""Hundreds of files of every kind, some told of several times: one row each, with its reason."""

import json
import os
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from aidetect.source import Drop, Upload, new_prefix
from aidetect.upload import upload
from tests.corpus import make_corpus
from tests.integration.stack import Stack, s3_event
from tests.integration.test_kill import processes

pytestmark = pytest.mark.integration

# Several of each kind, in several shards. The more the longer: two thousand take ten minutes on a
# processor without 8-bit instructions (HOSTILE_FILES=2000).
FILES = int(os.environ.get("HOSTILE_FILES", "700"))
REPEATED = 100
MEMORY_LIMIT = 2 << 30


class PeakMemory:
    """Samples the resident memory of one job, its decode workers included."""

    def __init__(self, *words: str) -> None:
        self.peak = 0
        self._words = words
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(1.0):
            for process in processes(*self._words):
                self.peak = max(self.peak, tree_memory(process))


def tree_memory(process: psutil.Process) -> int:
    """Return the resident bytes of a process and its children."""
    total = 0
    try:
        for each in (process, *process.children(recursive=True)):
            total += each.memory_info().rss
    except psutil.NoSuchProcess:
        return total
    return total


@pytest.mark.timeout(2400)
def test_hundreds_of_files(stack: Stack, tmp_path: Path) -> None:
    expected = make_corpus(tmp_path, FILES, seed=11)
    assert len(expected) == FILES
    began = datetime.now(UTC) - timedelta(seconds=1)
    prefix = new_prefix(began)
    uploads = tuple(
        Upload(tmp_path / e.key, prefix + e.key, (tmp_path / e.key).stat().st_size)
        for e in expected
    )
    outputs = stack.target.outputs
    upload(stack.target.s3, outputs.IntakeBucket, Drop(prefix, uploads))
    # The emulator tells of the same bytes at the same key in the same words, so these are events
    # delivered a second time: some in the gathering of the first, some later.
    repeated = uploads[:: FILES // REPEATED]
    upload(stack.target.s3, outputs.IntakeBucket, Drop(prefix, repeated))
    keys = frozenset(u.key for u in uploads)
    with PeakMemory("batch_inference", "--plan") as memory:
        rows, progress = stack.follow(prefix, keys, began, timeout=2000)
    assert len(rows) == FILES
    reasons = {prefix + e.key: e.reason.value if e.reason else None for e in expected}
    wrong = [
        (r["key"], r["reason"], r["detail"], reasons[r["key"]])
        for r in rows
        if r["reason"] != reasons[r["key"]]
    ]
    assert wrong == []
    assert {r["key"] for r in rows} == keys
    assert all((r["verdict"] == "error") == (r["reason"] is not None) for r in rows)
    summed = Counter[str]()
    for execution in progress.batches:
        assert execution.status == "SUCCEEDED"
        summed.update(
            {k.value: v for k, v in stack.summary(execution.batch).counts.verdicts.items()}
        )
    assert summed["error"] == sum(reason is not None for reason in reasons.values())
    assert 0 < memory.peak < MEMORY_LIMIT


def test_an_event_told_twice_in_one_gathering_makes_one_row(stack: Stack, tmp_path: Path) -> None:
    (sample,) = make_corpus(tmp_path, 1, seed=1)
    key = "held/told twice/" + sample.key
    stack.put(key, (tmp_path / sample.key).read_bytes())
    began = datetime.now(UTC) - timedelta(seconds=1)
    record = json.loads(s3_event(stack.target.outputs.IntakeBucket, key))["Records"]
    stack.target.sqs.send_message(
        QueueUrl=stack.target.outputs.ArrivalsQueueUrl,
        MessageBody=json.dumps({"Records": record * 3}),
    )
    rows, _ = stack.follow("held/told twice/", frozenset({key}), began)
    assert len(rows) == 1
