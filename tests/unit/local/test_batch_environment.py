"""A job's command line and environment."""

from types import SimpleNamespace

import pytest

from local.emulator.aidetect_emulator.batch_environment import (
    Credentials,
    Host,
    JobIdentity,
    command_line,
)
from local.emulator.aidetect_emulator.batch_view import can_place, parent_status
from local.emulator.aidetect_emulator.private_tmp import relocate


def test_parameters_fill_references_and_python_is_ours() -> None:
    command = ["python", "-m", "batch_inference", "--plan", "Ref::plan", "Ref::plan2"]
    filled = command_line(command, {"plan": "s3://b/ü x.json", "plan2": "other"}, "/venv/python")
    assert filled == ["/venv/python", "-m", "batch_inference", "--plan", "s3://b/ü x.json", "other"]


def test_another_program_stays() -> None:
    assert command_line(["/bin/true"], {}, "/venv/python") == ["/bin/true"]
    assert command_line([], {}, "/venv/python") == []


def test_the_array_index_is_there_for_children_only() -> None:
    single = JobIdentity("j", "q", "local", 2)
    child = JobIdentity("j:0", "q", "local", 1, 0)
    assert "AWS_BATCH_JOB_ARRAY_INDEX" not in single.environ()
    assert single.environ()["AWS_BATCH_JOB_ATTEMPT"] == "2"
    assert child.environ()["AWS_BATCH_JOB_ARRAY_INDEX"] == "0"


def test_credentials_and_host() -> None:
    assert Credentials("a", "s", "t").environ()["AWS_SESSION_TOKEN"] == "t"
    host = Host("/bin", "/s", "/checkout", "http://127.0.0.1:1", "us-east-1").environ()
    assert host["PYTHONPATH"] == "/checkout"
    assert host["TMPDIR"] == "/s"
    assert "AIDETECT_CACHE" not in host
    cached = Host("/bin", "/s", "/checkout", "http://127.0.0.1:1", "us-east-1", "/cache")
    assert cached.environ()["AIDETECT_CACHE"] == "/cache"


def test_tmp_is_private() -> None:
    values = {"A": "/tmp/x", "B": "/tmp", "C": "/tmpfs", "D": "s3://tmp/x"}
    assert relocate(values, "/s") == {"A": "/s/x", "B": "/s", "C": "/tmpfs", "D": "s3://tmp/x"}


def test_the_parent_of_an_array() -> None:
    assert parent_status(["SUCCEEDED", "RUNNING"]) == "PENDING"
    assert parent_status(["SUCCEEDED", "FAILED"]) == "FAILED"
    assert parent_status(["SUCCEEDED"]) == "SUCCEEDED"


@pytest.mark.parametrize(
    ("states", "expected"),
    [(["ENABLED"], True), (["DISABLED"], False), (["DISABLED", "ENABLED"], True)],
)
def test_jobs_start_where_an_environment_is_enabled(states: list[str], expected: bool) -> None:
    assert can_place(SimpleNamespace(state=state) for state in states) is expected
