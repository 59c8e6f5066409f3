"""One local stack for all integration tests: template.yaml, deployed by the real tools."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from aidetect.resolve import resolve
from local.emulator.aidetect_emulator import iam_log
from local.options import UpOptions
from local.session import session
from local.stack import down, status, up
from tests.integration.stack import Stack

# Small, so that a few dozen images already make several chunks and shards.
PARAMETERS = {
    "BatchingWindowSeconds": "1",
    "ExpressMaxImages": "24",
    "ChunkSize": "20",
    "ImagesPerShard": "100",
    "UploadApi": "on",
}


def was_meant(record: iam_log.Record) -> bool:
    """Tell the refusals that test_permissions provokes."""
    actions = {"s3:DeleteObject", "ssm:PutParameter"}
    planted = ("/intake/planted.jpg", "/feedback/planted.jsonl", "/evidence/probe.parquet")
    return record.action in actions or record.resource.endswith(planted)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of the tests' own stack, so that a developer's is left alone."""
    folder = tmp_path_factory.mktemp("aidetect-home")
    before = os.environ.get("AIDETECT_HOME")
    os.environ["AIDETECT_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["AIDETECT_HOME"]
    else:
        os.environ["AIDETECT_HOME"] = before


@pytest.fixture(scope="session")
def port() -> int:
    return free_port()


@pytest.fixture(scope="session")
def stack(home: Path, port: int) -> Iterator[Stack]:
    up(UpOptions(port=port, parameters=PARAMETERS))
    found = status()
    assert found.endpoint
    yield Stack(resolve("local"), session(found.region), found.endpoint)
    refused = [r for r in iam_log.read(home / "iam-denied.jsonl") if not was_meant(r)]
    down()
    assert refused == []
