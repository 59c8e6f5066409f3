"""What AWS's errors are told as, and how commands end on them."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from botocore import exceptions as boto
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from aidetect import program
from aidetect.console import foreseen, goes_on, guarded
from aidetect.errors import AidetectError, StillGoingError
from aidetect.exit_code import MEANINGS, ExitCode
from aidetect.explanation import MAX_SAID, explain, is_denied
from aidetect.program import Program
from aidetect.target import NO_STACK, NoStackError, connect
from aidetect.version import version

DENIED = "User: u is not authorized to perform: sqs:GetQueueAttributes on resource: q"


def client_error(code: str, message: str = "no", operation: str = "GetObject") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (client_error("AccessDenied", DENIED), "may not sqs:GetQueueAttributes"),
        (client_error("AccessDenied", "Access Denied", "ListObjectsV2"), "may not s3:ListBucket"),
        (client_error("403", "Forbidden", "HeadObject"), "may not s3:GetObject"),
        (client_error("ExpiredToken"), "aws sso login"),
        (client_error("X", "The security token included in the request is expired"), "expired"),
        (client_error("InvalidClientTokenId"), "does not accept these credentials"),
        (client_error("RequestTimeTooSkewed"), "clock"),
        (client_error("PermanentRedirect"), "another region"),
        (client_error("ThrottlingException"), "busy"),
        (client_error("NoSuchBucket"), "deploy it again"),
        (client_error("ExecutionDoesNotExist"), "no such run or batch"),
        (client_error("Odd", "what"), "AWS refused GetObject: Odd: what"),
        (boto.NoCredentialsError(), "aidetect local up"),
        (boto.UnauthorizedSSOTokenError(), "aws sso login"),
        (boto.ProfileNotFound(profile="p"), "AWS_PROFILE"),
        (boto.NoRegionError(), "AWS_REGION"),
        (boto.SSLError(endpoint_url="https://e", error=OSError("x")), "AWS_CA_BUNDLE"),
        (boto.EndpointConnectionError(endpoint_url="https://e"), "network"),
        (boto.ConnectTimeoutError(endpoint_url="https://e"), "network"),
        (boto.ReadTimeoutError(endpoint_url="https://e"), "network"),
        (boto.ParamValidationError(report="bad name"), "bad name"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.jpg"), "a.jpg: No such file"),
        (ValueError("x"), "x"),
        (ValueError(), "ValueError"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value)[:60],
)
def test_each_says_what_to_do(error: Exception, told: str) -> None:
    assert told in explain(error)


def test_a_long_answer_is_cut_and_kept_to_a_line() -> None:
    told = explain(client_error("Odd", "long\n" * 1000))
    assert "\n" not in told
    assert len(told) < MAX_SAID + 60


def test_denied_is_told_apart() -> None:
    assert is_denied(client_error("AccessDeniedException"))
    assert not is_denied(client_error("NoSuchKey"))
    assert not is_denied(ValueError())


def run(command: typer.models.CommandFunctionType) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, env={"COLUMNS": "300"})
    return done.exit_code, done.output


def raising(error: BaseException, *named: type[Exception]) -> tuple[int, str]:
    @guarded(*named)
    def command() -> None:
        raise error

    return run(command)


def test_guarded_tells_what_is_foreseen_and_keeps_the_rest() -> None:
    assert raising(NoStackError("do that")) == (ExitCode.FAILED, "error do that\n")
    assert raising(StillGoingError("later"))[0] == ExitCode.UNFINISHED
    assert raising(client_error("ExpiredToken"))[0] == ExitCode.FAILED
    assert raising(PermissionError(errno.EACCES, "Permission denied", "/x"))[0] == ExitCode.FAILED
    assert raising(KeyError("k"), KeyError)[0] == ExitCode.FAILED
    assert "nothing goes on" in raising(KeyboardInterrupt())[1]
    assert not foreseen(KeyError("k"))
    assert foreseen(AidetectError())


def test_ctrl_c_says_what_goes_on() -> None:
    @guarded()
    def command() -> None:
        with goes_on("the batch [b] goes on"):
            raise KeyboardInterrupt

    assert run(command) == (ExitCode.INTERRUPTED, "\ninterrupted: the batch [b] goes on\n")


def failing(error: Exception) -> Program:
    app = Program(pretty_exceptions_enable=False)

    @app.command()
    def command() -> None:
        raise error

    return app


def test_a_defect_leaves_a_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as left:
        failing(ZeroDivisionError("[red]by zero"))([], prog_name="aidetect")
    assert left.value.code == ExitCode.DEFECT
    told = capsys.readouterr().err
    (report,) = tmp_path.iterdir()
    assert "ZeroDivisionError: [red]by zero" in told
    assert str(report) in told
    assert "Traceback" not in told
    assert "Traceback" in report.read_text()
    assert version() in report.read_text()
    assert report.stat().st_mode & 0o077 == 0


def test_a_defect_where_no_report_can_be_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.setenv(program.DEBUG, "1")
    with pytest.raises(SystemExit):
        failing(ZeroDivisionError())([], prog_name="aidetect")
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert f"{program.DEBUG}=1" in told


def test_what_is_foreseen_outside_a_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        failing(NoStackError("do that"))([], prog_name="aidetect")
    assert (left.value.code, capsys.readouterr().err) == (ExitCode.FAILED, "error do that\n")


def test_every_code_has_its_meaning() -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert all(code.meaning for code in ExitCode)


@pytest.mark.parametrize(
    ("code", "local", "told"),
    [
        ("ValidationError", False, "another region"),
        ("ValidationError", True, "aidetect local up"),
        ("AccessDenied", False, "access denied"),
    ],
)
def test_a_stack_that_is_not_there(code: str, local: bool, told: str) -> None:
    class Session:
        def client(self, *_: object, **__: object) -> "Session":
            return self

        def describe_stacks(self, **_: object) -> None:
            raise client_error(code, operation="DescribeStacks")

    endpoint = "http://127.0.0.1:1" if local else None
    with pytest.raises(NoStackError, match=told):
        connect(Session(), endpoint, "aidetect", "AWS eu-west-1")  # type: ignore[arg-type]


def outside(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a shell does, where there is no stack."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "AIDETECT_"))}
    nowhere = {
        "AIDETECT_HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "COLUMNS": "300",
    }
    return subprocess.run(
        [sys.executable, "-m", "aidetect", *arguments],
        capture_output=True,
        text=True,
        env=kept | nowhere | more,
        check=False,
    )


def test_no_stack_here(tmp_path: Path) -> None:
    told = outside(tmp_path, "verdict", "a.jpg")
    assert (told.returncode, told.stderr.strip()) == (ExitCode.FAILED, f"error {NO_STACK}")
    told = outside(tmp_path, "status", "--on", "aws", AWS_REGION="eu-west-1")
    assert (told.returncode, told.stderr.strip()) == (ExitCode.FAILED, f"error {NO_STACK}")
    told = outside(tmp_path, "verdict", "a.jpg", "--on", "local")
    assert "start it with `aidetect local up`" in told.stderr
    told = outside(tmp_path, "verdict", "a.jpg", AWS_PROFILE="absent")
    assert "AWS_PROFILE" in told.stderr
    assert "Traceback" not in told.stderr


def completed(tmp_path: Path, line: str, place: int) -> list[str]:
    asked = {"_AIDETECT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(place)}
    told = outside(tmp_path, **asked)
    assert told.stderr == ""
    return told.stdout.split()


def test_completion_knows_commands_and_is_silent_where_there_is_no_stack(tmp_path: Path) -> None:
    assert completed(tmp_path, "aidetect sc", 1) == ["score"]
    assert completed(tmp_path, "aidetect promote ", 2) == []
    assert completed(tmp_path, "aidetect train --resume ", 3) == []


def test_local_status_exits_1_where_nothing_runs(tmp_path: Path) -> None:
    told = outside(tmp_path, "local", "status", "--json")
    assert told.returncode == ExitCode.FAILED
    assert json.loads(told.stdout)["running"] is False
