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
from pathlib import Path
from typing import Any

import pytest

from local.image.target import TARGETS
from tests.unit.template.document import ROOT, resources

JOB = resources("AWS::Batch::JobDefinition")["ScorerJob"]["Properties"]["ContainerProperties"]


Instruction = tuple[str, str]


def stages() -> tuple[list[Instruction], dict[str, list[Instruction]]]:
    """Return what stands before all stages, and each stage's (instruction, arguments) by name.

    Comments and line breaks are resolved.
    """
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    before: list[Instruction] = []
    found: dict[str, list[Instruction]] = {}
    current = before
    for word, _, rest in (line.partition(" ") for line in lines if line):
        if word == "FROM":
            current = found[rest.rpartition(" AS ")[2]] = []
        current.append((word, rest))
    return before, found


BEFORE, STAGES = stages()
# The command that asks for help, the code, and the extra of each image.
IMAGES = {
    "scorer": ("batch_inference", {"detector", "batch_inference"}, "gpu"),
    "trainer": ("training", {"detector", "batch_inference", "training"}, "trainer"),
    "sagemaker": ("training", {"detector", "batch_inference", "training"}, "trainer"),
}


def base(stage: str) -> str:
    """Return what a stage is built on."""
    (rest,) = [rest for word, rest in STAGES[stage] if word == "FROM"]
    return rest.split()[0]


def lineage(stage: str) -> list[Instruction]:
    """Return a stage's instructions, those of the stages that it is built on first."""
    below = base(stage)
    return [*(lineage(below) if below in STAGES else ()), *STAGES[stage]]


def everything() -> list[Instruction]:
    """Return the instructions of all stages."""
    return [*BEFORE, *(one for stage in STAGES.values() for one in stage)]


def arguments(*words: str, of: list[Instruction] | None = None) -> list[str]:
    """Return the arguments of every such instruction, by default of the whole file."""
    return [rest for word, rest in (everything() if of is None else of) if word in words]


def variables() -> dict[str, str]:
    """Return the environment that the images set, in whichever stage."""
    return dict(pair.split("=", 1) for rest in arguments("ENV") for pair in shlex.split(rest))


def copied(of: list[Instruction] | None = None) -> list[str]:
    """Return what comes from the checkout."""
    words = [rest.split() for rest in arguments("COPY", "ADD", of=of) if "--from=" not in rest]
    return [source for sources in words for source in sources[:-1]]


def code(image: str) -> list[str]:
    """Return the folders of ours that an image holds."""
    copies = [rest.split() for rest in arguments("COPY", of=lineage(image))]
    (source,) = [words[0].removeprefix("--from=") for words in copies if words[1] == "/app"]
    return copied(lineage(source))


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


def imports(node: ast.AST, *, deep: bool = True) -> Iterator[str]:
    """Yield the top-level modules that this code imports; without ``deep``, outside functions."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.split(".")[0]
    for child in ast.iter_child_nodes(node):
        if deep or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(child, deep=deep)


def test_every_stage_is_built_on_the_base_that_the_builder_names() -> None:
    # Outside all stages, or FROM would not see it.
    ((word, default),) = BEFORE
    assert word == "ARG"
    assert re.search(r"^PYTHON_BASE=\S+/python:3\.\d+-slim-\w+$", default)
    assert {base(stage) for stage in STAGES} <= {"${PYTHON_BASE}", *STAGES}
    # A builder that is told no target takes the last.
    assert list(STAGES)[-1] == "scorer"


@pytest.mark.parametrize("image", ["scorer", "trainer"])
def test_the_user_and_home_are_those_of_the_job(image: str) -> None:
    assert arguments("USER", of=lineage(image)) == [JOB["User"]]
    assert all(int(number) > 0 for number in JOB["User"].split(":"))
    job = {pair["Name"]: pair["Value"] for pair in JOB["Environment"]}
    names = variables().keys() & job.keys()
    assert {name: variables()[name] for name in names} == {"HOME": job["HOME"]}


def test_sagemakers_image_is_the_trainers_but_for_its_user() -> None:
    # Below /opt/ml it may be root alone who writes, and SageMaker has no setting for the user.
    assert base("sagemaker") == "trainer"
    assert {word for word, _ in STAGES["sagemaker"]} == {"FROM", "LABEL", "USER"}
    assert arguments("USER", of=STAGES["sagemaker"]) == ["0:0"]


def test_jobs_of_batch_name_a_user_themselves() -> None:
    for job in resources("AWS::Batch::JobDefinition").values():
        assert job["Properties"]["ContainerProperties"]["User"] == JOB["User"]


@pytest.mark.parametrize("image", IMAGES)
def test_the_default_command_is_the_jobs_asked_for_help(image: str) -> None:
    (command,) = arguments("CMD", of=lineage(image))
    assert json.loads(command) == ["python", "-m", IMAGES[image][0], "--help"]
    # An entry point would be put before the job's command.
    assert not arguments("ENTRYPOINT")


def test_the_scorers_job_runs_that_program() -> None:
    assert JOB["Command"][: JOB["Command"].index("--plan")] == ["python", "-m", "batch_inference"]


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_holds_the_code_of_its_jobs(image: str) -> None:
    assert set(code(image)) == IMAGES[image][1]


def test_nothing_is_written_at_run_time() -> None:
    assert JOB["ReadonlyRootFilesystem"] is True
    assert variables()["PYTHONDONTWRITEBYTECODE"] == "1"
    runs = arguments("RUN")
    assert any("uv sync" in run and "--compile-bytecode" in run for run in runs)
    for stage, told in STAGES.items():
        if any(rest.split()[-1].startswith("/app/") for rest in arguments("COPY", of=told)):
            (run,) = arguments("RUN", of=told)
            assert "compileall" in run, stage
            assert run.endswith("/app"), stage


def test_dependencies_are_the_lock_files_with_their_hashes() -> None:
    (sync,) = [run for run in arguments("RUN") if "uv sync" in run]
    assert {"--frozen", "--no-dev", "--no-build"} <= set(sync.split())
    assert all("--require-hashes" in run for run in arguments("RUN") if "pip install" in run)
    for extra in ("gpu", "cpu", "trainer"):
        assert all(requirements(extra).values()), "a package without a hash"


def test_the_image_of_the_gpu_job_has_one_onnx_runtime_and_no_torch() -> None:
    assert {rest for rest in arguments("ARG") if rest.startswith("EXTRA")} == {"EXTRA=gpu"}
    gpu = requirements("gpu").keys()
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu13", "nvidia-cublas", "boto3", "pyarrow"} <= gpu
    assert not gpu & {"onnxruntime", "torch", "transformers", "triton", "uv", "moto"}
    # Beside CUDA, it is the cpu variant, which can be tried without a GPU.
    extra = {name for name in gpu - requirements("cpu").keys() if not name.startswith("nvidia-")}
    assert extra == {"onnxruntime-gpu"}


def test_the_trainers_image_has_torch_beside_one_onnx_runtime() -> None:
    trainer = requirements("trainer").keys()
    assert {"torch", "transformers", "peft", "wandb", "tensorboardx", "optuna"} <= trainer
    assert {"onnxruntime-gpu", "scikit-learn", "safetensors"} <= trainer
    assert not trainer & {"onnxruntime", "moto", "pytest", "datasets", "awslambdaric"}


@pytest.mark.parametrize("extra", ["gpu", "cpu", "trainer"])
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


def test_hadolint_finds_nothing_and_each_rule_left_out_has_a_reason_above_it() -> None:
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [program, "Dockerfile"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    for number, line in enumerate(lines):
        if "hadolint ignore" in line:
            assert lines[number - 1].startswith("# ")
            assert "hadolint" not in lines[number - 1]


def test_only_what_is_copied_reaches_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule[1:] for rule in rules if rule.startswith("!")) == sorted(copied())
    assert all((ROOT / name).exists() for name in copied())


def missing(image: str, *, deep: bool) -> set[str]:
    """Return the modules that an image's code imports and the image does not hold."""
    ours = set(code(image))
    # The runtime on CPU and on GPU are one module.
    held = requirements(IMAGES[image][2]).keys() | requirements("cpu").keys()
    distributions = packages_distributions()
    found = {
        module
        for name in ours
        for path in (ROOT / name).rglob("*.py")
        for module in imports(ast.parse(path.read_text()), deep=deep)
    }
    return {
        module
        for module in found - sys.stdlib_module_names - ours
        # As the lock file writes names.
        if not {d.lower().replace("_", "-") for d in distributions.get(module, ())} & held
    }


def test_the_scorers_code_imports_only_what_the_image_holds() -> None:
    assert missing("scorer", deep=True) == set()


def test_the_trainers_code_imports_only_what_the_image_holds() -> None:
    assert missing("trainer", deep=False) == set()
    # Imported where it is used: bringing in datasets from elsewhere is no job's work.
    assert missing("trainer", deep=True) <= {"datasets", "kagglehub"}


@pytest.mark.parametrize(
    ("target", "extra", "name", "tag"),
    [
        ("", "gpu", "aidetect-scorer:gpu", "latest"),
        ("trainer", "trainer", "aidetect-trainer:trainer", "trainer"),
        ("sagemaker", "trainer", "aidetect-sagemaker:trainer", "sagemaker"),
    ],
)
def test_make_builds_each_target_with_its_extra(
    target: str, extra: str, name: str, tag: str
) -> None:
    given = [f"TARGET={target}"] if target else []
    said = subprocess.run(
        ["make", "--dry-run", "image-push", "BUILDER=builder", *given],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert f'local.image build --target "{target or "scorer"}" --extra "{extra}"' in said
    assert TARGETS[target or "scorer"].image(extra) == name
    assert f'tag "{name}" "$repository:{tag}"' in said
    assert f'push "$repository:{tag}"' in said
