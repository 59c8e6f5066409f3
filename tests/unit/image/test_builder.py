"""Which container tool is taken, what it is told, and what is said where none is there."""

from pathlib import Path

import pytest

from local.image import stand_in_base
from local.image.__main__ import main
from local.image.builder import Builder, find
from local.image.errors import BuilderNotFitError, NoBuilderError
from local.image.target import TARGETS


def tools(folder: Path, monkeypatch: pytest.MonkeyPatch, **status: int) -> None:
    """Put programs on an otherwise empty PATH; each ends with its status."""
    for name, code in status.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_buildah_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools(tmp_path, monkeypatch, buildah=0, docker=0, podman=0)
    assert find().name == "buildah"


def test_docker_without_its_daemon_is_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools(tmp_path, monkeypatch, docker=1, podman=0)
    assert find().name == "podman"


def test_without_any_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tools(tmp_path, monkeypatch, docker=1)
    with pytest.raises(NoBuilderError):
        find()
    assert main(["build"]) == 1
    assert "apt-get install --no-install-recommends buildah debootstrap" in capsys.readouterr().err


def test_a_base_made_here_is_not_asked_of_a_registry() -> None:
    command = Builder("/usr/bin/buildah").build_command(
        TARGETS["scorer"], "cpu", "abc", "localhost/base:1", pull=False
    )
    assert "--pull-never" in command
    assert "PYTHON_BASE=localhost/base:1" in command
    assert command[command.index("--target") + 1] == "scorer"
    assert command[command.index("--tag") + 1] == "aidetect-scorer:cpu"


def test_by_default_the_base_is_the_dockerfiles() -> None:
    command = Builder("docker").build_command(TARGETS["trainer"], "trainer", "abc")
    assert "--pull-never" not in command
    assert not any(word.startswith("PYTHON_BASE") for word in command)
    assert "--layers" not in command


def test_only_buildah_makes_a_base() -> None:
    with pytest.raises(BuilderNotFitError, match="needs buildah, and this is docker"):
        stand_in_base.ensure(Builder("docker"))


def test_the_base_is_made_anew_where_its_certificates_change() -> None:
    assert stand_in_base.tag(b"one") != stand_in_base.tag(b"two")
    assert stand_in_base.tag(b"one") == stand_in_base.tag(b"one")
