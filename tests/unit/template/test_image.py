"""The job's image, read as text: what it is built from, and that it holds what the job runs."""

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from typing import Any

import pytest

from tests.unit.template.document import ROOT, resources

JOB = resources("AWS::Batch::JobDefinition")["ScorerJob"]["Properties"]["ContainerProperties"]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile as (instruction, arguments), comments and line breaks resolved."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line)]


INSTRUCTIONS = instructions()


def arguments(*words: str) -> list[str]:
    """Return the arguments of every such instruction."""
    return [rest for word, rest in INSTRUCTIONS if word in words]


def variables() -> dict[str, str]:
    """Return the environment that the image sets, in whichever stage."""
    return dict(pair.split("=", 1) for rest in arguments("ENV") for pair in shlex.split(rest))


def copied() -> list[str]:
    """Return what comes from the checkout."""
    words = [rest.split() for rest in arguments("COPY", "ADD") if "--from=" not in rest]
    return [source for sources in words for source in sources[:-1]]


@cache
def requirements(extra: str) -> dict[str, list[str]]:
    """Return the packages that the lock file names for an extra, with their hashes."""
    command = [sys.executable, "-m", "uv", "export", "--quiet", "--offline", "--frozen", "--no-dev"]
    exported = subprocess.run(
        [*command, "--no-emit-project", "--no-annotate", "--no-header", "--extra", extra],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, list[str]] = {}
    for line in exported.stdout.replace("\\\n", " ").splitlines():
        found.setdefault(line.split("==")[0], []).extend(re.findall(r"--hash=(\S+)", line))
    return found


def imports(node: ast.AST) -> Iterator[str]:
    """Yield the top-level modules imported when this code runs."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.split(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def test_every_stage_is_built_on_the_base_that_the_builder_names() -> None:
    (default,) = [rest for rest in arguments("ARG") if rest.startswith("PYTHON_BASE=")]
    assert re.search(r"/python:3\.\d+-slim-\w+$", default)
    assert {rest.split()[0] for rest in arguments("FROM")} == {"${PYTHON_BASE}"}
    # Outside all stages, or FROM would not see it.
    assert INSTRUCTIONS[0] == ("ARG", default)


def test_the_user_and_home_are_those_of_the_job() -> None:
    assert arguments("USER") == [JOB["User"]]
    assert all(int(number) > 0 for number in JOB["User"].split(":"))
    job = {pair["Name"]: pair["Value"] for pair in JOB["Environment"]}
    image = variables()
    assert {name: image[name] for name in image.keys() & job.keys()} == {"HOME": job["HOME"]}


def test_the_default_command_is_the_jobs_asked_for_help() -> None:
    (command,) = arguments("CMD")
    program = JOB["Command"][: JOB["Command"].index("--plan")]
    assert json.loads(command) == [*program, "--help"]
    # An entry point would be put before the job's command.
    assert not arguments("ENTRYPOINT")


def test_nothing_is_written_at_run_time() -> None:
    assert JOB["ReadonlyRootFilesystem"] is True
    assert variables()["PYTHONDONTWRITEBYTECODE"] == "1"
    runs = arguments("RUN")
    assert any("uv sync" in run and "--compile-bytecode" in run for run in runs)
    assert any("compileall" in run and run.endswith("/app") for run in runs)


def test_dependencies_are_the_lock_files_with_their_hashes() -> None:
    (sync,) = [run for run in arguments("RUN") if "uv sync" in run]
    assert {"--frozen", "--no-dev", "--no-build"} <= set(sync.split())
    assert all("--require-hashes" in run for run in arguments("RUN") if "pip install" in run)
    for extra in ("gpu", "cpu"):
        assert all(requirements(extra).values()), "a package without a hash"


def test_the_image_of_the_gpu_job_has_one_onnx_runtime_and_no_torch() -> None:
    assert {rest for rest in arguments("ARG") if rest.startswith("EXTRA")} == {"EXTRA=gpu"}
    gpu = requirements("gpu").keys()
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu13", "nvidia-cublas", "boto3", "pyarrow"} <= gpu
    assert not gpu & {"onnxruntime", "torch", "transformers", "triton", "uv", "moto"}
    # Beside CUDA, it is the cpu variant, which can be tried without a GPU.
    extra = {name for name in gpu - requirements("cpu").keys() if not name.startswith("nvidia-")}
    assert extra == {"onnxruntime-gpu"}


@pytest.mark.parametrize("extra", ["gpu", "cpu"])
def test_the_lock_file_has_wheels_for_the_bases_python(extra: str) -> None:
    (version,) = re.findall(r"PYTHON_BASE=\S+:3\.(\d+)-", "\n".join(arguments("ARG")))
    # cp311-cp311, cp39-abi3 and py3-none, for any machine or for 64-bit x86 with glibc.
    fits = re.compile(
        rf"-(cp3{version}-cp3{version}|cp\d+-abi3|py3|py2\.py3)\b.*(any|linux.*x86_64)"
    )
    lock: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text())
    wheels = {
        package["name"]: [
            wheel["url"].rsplit("/", 1)[1]
            for other in lock["package"]
            if other["name"] == package["name"]
            for wheel in other.get("wheels", ())
        ]
        for package in lock["package"]
    }
    for name in requirements(extra):
        assert any(fits.search(wheel) for wheel in wheels[name]), name


def test_only_what_is_copied_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule[1:] for rule in rules if rule.startswith("!")) == sorted(copied())
    assert all((ROOT / name).exists() for name in copied())


def test_the_copied_code_imports_only_what_the_image_holds() -> None:
    ours = {name for name in copied() if (ROOT / name).is_dir()}
    assert JOB["Command"][2] in ours
    held = requirements("cpu").keys()
    distributions = packages_distributions()
    for name in ours:
        for path in (ROOT / name).rglob("*.py"):
            found = set(imports(ast.parse(path.read_text()))) - sys.stdlib_module_names - ours
            for module in found:
                assert set(distributions[module]) & held, f"{path} imports {module}"
