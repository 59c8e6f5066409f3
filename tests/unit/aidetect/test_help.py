"""The manual that is built in: every command, every option, every example."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from aidetect.exit_code import ExitCode
from aidetect.main import app
from aidetect.version import version
from tests.unit.docs.command_line import parse

EXAMPLE = re.compile(r"`(aidetect[^`]*)`")
# What takes seconds to import, and no help, completion or usage error may wait for.
HEAVY = {"sklearn", "matplotlib", "pandas", "polars", "scipy", "onnx", "onnxruntime", "pyarrow"}
HEAVY |= {"huggingface_hub", "torch", "numpy", "PIL"}


def walk(command: Any, name: str = "aidetect") -> Iterator[tuple[str, Any]]:
    yield name, command
    for below, found in getattr(command, "commands", {}).items():
        yield from walk(found, f"{name} {below}")


COMMANDS = dict(walk(get_command(app)))
LEAVES = {name: found for name, found in COMMANDS.items() if not hasattr(found, "commands")}


def test_the_walk_sees_them_all() -> None:
    assert {"aidetect score", "aidetect dataset import", "aidetect local up"} <= set(LEAVES)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_that_is_a_sentence(name: str) -> None:
    first = (COMMANDS[name].help or "").split("\n\n")[0]
    assert len(first) > 10
    assert first.rstrip().endswith(".")


@pytest.mark.parametrize("name", COMMANDS)
def test_no_option_or_argument_lacks_help(name: str) -> None:
    bare = [p.name for p in COMMANDS[name].params if len(getattr(p, "help", None) or "") < 8]
    assert bare == []


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_examples_and_they_parse(name: str) -> None:
    lines = EXAMPLE.findall(LEAVES[name].epilog or "")
    assert lines, f"{name} shows no example"
    assert all(parse(line).help == LEAVES[name].help for line in lines)


@pytest.mark.parametrize("name", LEAVES)
def test_every_help_is_drawn(name: str) -> None:
    found = CliRunner().invoke(app, [*name.split()[1:], "--help"], env={"COLUMNS": "200"})
    assert found.exit_code == 0
    assert "Usage" in found.output
    assert "Examples" in found.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_at_the_top_has_its_panel(name: str) -> None:
    if name.count(" ") == 1:
        assert isinstance(COMMANDS[name].rich_help_panel, str)


def test_the_top_tells_how_to_start_and_how_commands_end() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert all(code.meaning in shown for code in ExitCode)
    assert all(f"aidetect {first}" in shown for first in ("local up", "score", "status"))
    lines = EXAMPLE.findall(get_command(app).epilog or "")
    assert [parse(line).name for line in lines] == ["up", "score", "status"]


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"aidetect {version()}\n"


def test_results_are_there_for_programs() -> None:
    lacking = {
        name
        for name, found in LEAVES.items()
        if not any("--json" in parameter.opts for parameter in found.params)
    }
    # Those that make a page for people say where it is, and no more.
    assert lacking <= {"aidetect report", "aidetect detector page"}


def test_help_waits_for_nothing_heavy() -> None:
    code = "import sys, aidetect.main; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_the_package_alone_imports_nothing() -> None:
    code = "import sys, aidetect; print(*(m for m in sys.modules if m.startswith('aidetect')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["aidetect"]
