"""The Runtime API and a sandbox, driving real ``awslambdaric`` processes."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local.emulator.aidetect_emulator import sandbox as sandbox_module
from local.emulator.aidetect_emulator.sandbox import Function, InitError, Sandbox, peak_memory

HANDLER = """
import os, signal, time
print("loaded")
def echo(event, context):
    print("got", event["text"])
    return {"text": event["text"], "id": context.aws_request_id,
            "arn": context.invoked_function_arn,
            "left": context.get_remaining_time_in_millis()}
def fails(event, context):
    raise KeyError("mine")
def odd(event, context):
    if event.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if event.get("exit"):
        os._exit(3)
    time.sleep(event.get("sleep", 0))
    return "fine"
"""


def function(root: Path, handler: str, timeout: float = 20.0) -> Function:
    (root / "app.py").write_text(HANDLER, encoding="utf-8")
    return Function(
        command=[sys.executable, "-m", "awslambdaric", handler],
        environ={
            "AWS_LAMBDA_FUNCTION_NAME": "f",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(root),
        },
        root=root,
        timeout=timeout,
        memory=128,
        arn="arn:aws:lambda:us-east-1:000000000000:function:f",
    )


class Started:
    """A sandbox that is stopped at the end of the test."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.sandboxes: list[Sandbox] = []

    def __call__(self, described: Function) -> Sandbox:
        made = Sandbox(described, self.lines.append)
        self.sandboxes.append(made)
        made.start()
        return made


@pytest.fixture
def start() -> Iterator[Started]:
    started = Started()
    yield started
    for made in started.sandboxes:
        made.stop()
        made.stop()


def test_an_invocation_and_its_log(tmp_path: Path, start: Started) -> None:
    made = start(function(tmp_path, "app.echo"))
    answer = made.invoke(json.dumps({"text": "ü日"}).encode(), "id-1")
    result = json.loads(answer.payload)
    assert not answer.is_error
    assert (result["text"], result["id"]) == ("ü日", "id-1")
    assert result["arn"].endswith(":function:f")
    assert 0 < result["left"] <= 20_000
    # What a function prints is read by a thread, which may be late.
    end = time.monotonic() + 10
    while "got ü日" not in start.lines and time.monotonic() < end:
        time.sleep(0.05)
    assert "got ü日" in start.lines
    assert any(line.startswith("REPORT RequestId: id-1\tDuration") for line in start.lines)


def test_an_exception_is_an_error_answer(tmp_path: Path, start: Started) -> None:
    answer = start(function(tmp_path, "app.fails")).invoke(b"{}", "id-1")
    assert answer.is_error
    assert json.loads(answer.payload)["errorType"] == "KeyError"


@pytest.mark.parametrize(
    ("event", "message"), [({"kill": True}, "signal: 9"), ({"exit": True}, "exit status 3")]
)
def test_after_a_crash_the_next_one_works(
    tmp_path: Path, start: Started, event: dict[str, bool], message: str
) -> None:
    made = start(function(tmp_path, "app.odd"))
    crashed = made.invoke(json.dumps(event).encode(), "id-1")
    assert json.loads(crashed.payload)["errorType"] == "Runtime.ExitError"
    assert message in json.loads(crashed.payload)["errorMessage"]
    assert json.loads(made.invoke(b"{}", "id-2").payload) == "fine"


def test_a_timeout_ends_the_process(tmp_path: Path, start: Started) -> None:
    made = start(function(tmp_path, "app.odd", timeout=1.0))
    first = made.process
    answer = made.invoke(b'{"sleep": 30}', "id-1")
    assert json.loads(answer.payload)["errorType"] == "Sandbox.Timedout"
    assert first is not None
    assert first.poll() is not None


def test_invocations_of_one_sandbox_wait_for_each_other(tmp_path: Path, start: Started) -> None:
    made = start(function(tmp_path, "app.odd"))
    answers: list[bool] = []
    threads = [
        threading.Thread(
            target=lambda i=i: answers.append(made.invoke(b'{"sleep": 0.2}', f"id-{i}").is_error)
        )
        for i in range(3)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [False] * 3
    assert time.monotonic() - began > 0.6


def test_a_dependency_that_is_missing_fails_the_start(tmp_path: Path, start: Started) -> None:
    described = function(tmp_path, "app.echo")
    (tmp_path / "app.py").write_text("import not_bundled", encoding="utf-8")
    with pytest.raises(InitError, match="not_bundled"):
        start(described)


def test_a_runtime_that_ends_fails_the_start(tmp_path: Path, start: Started) -> None:
    described = function(tmp_path, "app.echo")
    ends = Function(
        command=[sys.executable, "-c", "import sys; sys.exit(4)"],
        **{k: v for k, v in vars(described).items() if k != "command"},
    )
    with pytest.raises(InitError, match="status 4"):
        start(ends)


def test_a_runtime_that_never_asks_fails_the_start(
    tmp_path: Path, start: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_module, "INIT_SECONDS", 0.5)
    described = function(tmp_path, "app.echo")
    sleeps = Function(
        command=[sys.executable, "-c", "import time; time.sleep(60)"],
        **{k: v for k, v in vars(described).items() if k != "command"},
    )
    with pytest.raises(InitError, match="not ready"):
        start(sleeps)


def test_a_stopped_sandbox_answers_with_an_error(tmp_path: Path, start: Started) -> None:
    made = start(function(tmp_path, "app.echo"))
    process = made.process
    made.stop()
    assert made.invoke(b"{}", "id").is_error
    assert process is not None
    assert not psutil.pid_exists(process.pid)


def test_peak_memory() -> None:
    assert peak_memory(os.getpid()) > 1
    assert peak_memory(2**30) == 0
