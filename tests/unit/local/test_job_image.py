"""Which images jobs run in here, and what is said where they cannot. Running: tests/e2e."""

import os
from pathlib import Path

import pytest

from local.emulator.aidetect_emulator.batch_image import image_command
from local.emulator.aidetect_emulator.job_image import ImageError, Root, check, forget, is_here
from local.errors import ImageUnusableError
from local.options import UpOptions
from local.stack import up

ROOT = Root(Path("/images/x"), {"PATH": "/opt/job/bin"}, "7:8", "/app")


@pytest.mark.parametrize(
    ("image", "here"),
    [
        ("localhost/aidetect-scorer:cpu", True),
        ("1.dkr.ecr.us-east-1.amazonaws.com/x:latest", False),
        ("localhost.example/x", False),
        ("", False),
    ],
)
def test_images_of_a_registry_are_not_run(image: str, here: bool) -> None:
    assert is_here(image) == here


def test_without_the_tool_its_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ImageError, match="apt-get install buildah"):
        check("localhost/x")
    assert forget(Path("/nowhere")) == 0


def test_somebody_without_rights_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda tool: tool)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ImageError, match="only root"):
        check("localhost/x")


def test_a_stack_with_an_image_that_cannot_run_is_not_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIDETECT_HOME", str(tmp_path))
    monkeypatch.setattr("local.toolchain.ensure", lambda _: None)
    monkeypatch.setattr("local.resource_types.check", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda tool: tool)
    with pytest.raises(ImageUnusableError, match="localhost/x: only root"):
        up(UpOptions(parameters={"JobImageUri": "localhost/x"}))


def words(container: dict[str, object], volumes: dict[str, str]) -> list[str]:
    """Return what the script is given."""
    command = image_command(ROOT, container, ["python", "-m", "x"], volumes)
    return command[command.index("job") + 1 :]


def test_the_definition_comes_before_the_image() -> None:
    tmpfs = {"containerPath": "/tmp", "size": 64, "mountOptions": ["noexec"]}
    given = words(
        {
            "user": "1:2",
            "readonlyRootFilesystem": True,
            "linuxParameters": {"sharedMemorySize": 128, "tmpfs": [tmpfs]},
        },
        {"/data": "/host/data"},
    )
    assert given[:5] == ["/images/x", "1:2", "/app", "true", "128"]
    assert given[6:] == [
        *("tmpfs", "/tmp", "mode=1777,size=64m,noexec"),
        *("bind", "/data", "/host/data"),
        *("--", "python", "-m", "x"),
    ]


def test_a_definition_that_says_nothing_leaves_it_to_the_image() -> None:
    given = words({}, {})
    assert given[:5] == ["/images/x", "7:8", "/app", "false", "64"]
    assert given[6:] == ["--", "python", "-m", "x"]
