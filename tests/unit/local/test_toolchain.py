"""The tools: their keys, their installation, what is said when it fails."""

import sys
from pathlib import Path

import pytest

from local import toolchain
from local.errors import InstallError, PythonUnsupportedError, ToolMissingError
from local.toolchain import Tool


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the commands instead of running them."""
    seen: list[list[str]] = []
    monkeypatch.setattr(toolchain, "_call", lambda command, _what: seen.append(command))
    return seen


def test_the_key_follows_the_requirements(tmp_path: Path) -> None:
    file = tmp_path / "sam.txt"
    file.write_text("a==1\n")
    before = Tool("sam", file).key()
    assert Tool("sam", file).key() == before
    file.write_text("a==2\n")
    assert Tool("sam", file).key() != before
    assert before.startswith("sam-")


def test_the_key_follows_sources_and_their_names_but_not_what_they_leave(tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "a.py").write_text("1")
    before = Tool("plugin", folder).key()
    (folder / "a.pyc").write_text("2")
    assert Tool("plugin", folder).key() == before
    (folder / "a.py").rename(folder / "b.py")
    assert Tool("plugin", folder).key() != before


def test_every_requirement_is_locked_with_a_hash() -> None:
    for tool in (toolchain.EMULATOR, toolchain.SAM, toolchain.LAMBDA):
        text = tool.source.read_text("utf-8")
        assert text.count("==") <= text.count("--hash=sha256:")
    assert "localstack-core==4.9.2" in toolchain.EMULATOR.source.read_text("utf-8")


def test_all_tools_are_installed_once(tmp_path: Path, commands: list[list[str]]) -> None:
    said: list[str] = []
    first = toolchain.ensure(said.append, tmp_path)
    assert len(said) == 4
    assert sum("--require-hashes" in c for c in commands) == 3
    count = len(commands)
    assert toolchain.ensure(said.append, tmp_path) == first
    assert (len(said), len(commands)) == (4, count)
    assert first.lambda_python == toolchain.base_python()


def test_an_interrupted_installation_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_command: list[str], what: str) -> None:
        raise InstallError(what, "no route to the registry")

    monkeypatch.setattr(toolchain, "_call", fail)
    with pytest.raises(InstallError, match="no route"):
        toolchain.ensure(home=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["lock"]


def test_a_failing_command_says_what_it_printed() -> None:
    with pytest.raises(InstallError, match=r"installing sam failed(.|\n)*oh no"):
        toolchain._call([sys.executable, "-c", "print('oh no'); raise SystemExit(1)"], "sam")
    toolchain._call([sys.executable, "-c", ""], "sam")


def test_another_python_is_refused() -> None:
    with pytest.raises(PythonUnsupportedError, match=r"needs Python 3\.11, this is 3\.13"):
        toolchain.check_python((3, 13))


def test_uv_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissingError, match="make setup"):
        toolchain.find_uv()
    (tmp_path / "uv").touch(0o755)
    assert toolchain.find_uv() == str(tmp_path / "uv")
