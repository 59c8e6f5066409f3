"""Which stack the smoke test looks at, and what it drops there."""

from pathlib import Path

import pytest

from aidetect.client import Client, connect
from aidetect.resolve import resolve
from aidetect.result_set import Results
from aidetect.samples import write_samples
from aidetect.target import DEFAULT_STACK, Target

# On purpose no photograph, and on purpose named like one.
BROKEN = "broken.jpg"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("smoke", "the smoke test of a deployed stack")
    group.addoption("--on", choices=("aws", "local"), default="aws", help="where the stack runs")
    group.addoption("--stack", default=DEFAULT_STACK, help="name of the CloudFormation stack")
    group.addoption(
        "--bulk",
        action="store_true",
        help="also score a batch on the job queue; a machine takes some four minutes to start",
    )


@pytest.fixture(scope="session")
def target(pytestconfig: pytest.Config) -> Target:
    return resolve(pytestconfig.getoption("--on"), pytestconfig.getoption("--stack"))


@pytest.fixture(scope="session")
def client(pytestconfig: pytest.Config) -> Client:
    return connect(on=pytestconfig.getoption("--on"), stack=pytestconfig.getoption("--stack"))


@pytest.fixture(scope="session")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photographs, and one file that is none."""
    folder = tmp_path_factory.mktemp("smoke")
    write_samples(folder)
    (folder / BROKEN).write_bytes(b"\xff\xd8\xff\xe0 cut off")
    return folder


@pytest.fixture(scope="session")
def scored(client: Client, dropped: Path) -> Results:
    """The rows of the folder, dropped as any user drops it."""
    return client.score(dropped, timeout=900)
