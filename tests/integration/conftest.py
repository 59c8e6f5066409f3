"""One local stack for all integration tests: template.yaml, deployed by the real tools."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.emulator.aidetect_emulator import iam_log
from local.options import UpOptions
from local.stack import down, up
from tests.integration import alarms
from tests.integration.stack import Stack
from tests.policy.grants import shown
from tests.policy.observed import SESSIONS, load, physical_names, save, used
from tests.policy.service_side import service_side
from tests.unit.template.document import template

# Small, so that a few dozen images already make several chunks and shards.
PARAMETERS = {
    "BatchingWindowSeconds": "1",
    "ExpressMaxImages": "24",
    "ChunkSize": "20",
    "ImagesPerShard": "100",
    "UploadApi": "on",
    # Alarms go off at what tests can bring about in seconds: test_watch.py.
    "AlarmWaitingSeconds": "5",
    "AlarmBatchSeconds": "1",
    "AlarmUnsurePercent": "0",
    "AlarmDollarsPerDay": "0",
    "AlarmDollarsPerThousand": "0",
}
ALARM_PERIOD = 10


def was_meant(record: iam_log.Record) -> bool:
    """Tell the refusals that test_permissions and test_watch provoke."""
    actions = {"s3:DeleteObject", "ssm:PutParameter"}
    planted = (
        "/intake/planted.jpg",
        "/feedback/planted.jsonl",
        "/evidence/probe.parquet",
        ":stateMachine:no",
    )
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


def is_whole(session: pytest.Session) -> bool:
    """Tell whether every file of integration tests was run, and none failed."""
    ran = {item.path for item in session.items}
    return not session.testsfailed and ran >= set(Path(__file__).parent.glob("test_*.py"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the restart last: what alarms told and queues held is gone with the emulator."""
    items.sort(key=lambda item: item.path == Path(__file__).parent / "test_restart.py")


@pytest.fixture(scope="session")
def stack(home: Path, port: int, request: pytest.FixtureRequest) -> Iterator[Stack]:
    up(UpOptions(port=port, parameters=PARAMETERS, alarm_period=ALARM_PERIOD))
    deployed = Stack.running()
    alarms.listen(deployed)
    yield deployed
    refused = [r for r in iam_log.read(home / "iam-denied.jsonl") if not was_meant(r)]
    names = physical_names(deployed.session, deployed.endpoint, deployed.target.stack)
    down()
    assert refused == []
    seen = used(template(), iam_log.read(home / "iam-audit.jsonl"), names)
    save(seen, SESSIONS / "integration.json")
    new = seen - load() - service_side(template())
    # Only where it is asked for: what an error path needs is seen in some runs and not in others.
    if "AIDETECT_STRICT_GRANTS" in os.environ:
        assert not new, f"seen in use for the first time: make grants\n{shown(new)}"
        if is_whole(request.session):
            assert not load() - seen, f"granted and no longer used:\n{shown(load() - seen)}"
