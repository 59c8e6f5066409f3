"""The tools in places of their own: the emulator, our plugin for it, SAM, Lambda's packages.

They pin packages that differ from ours and from each other's. Each lies in the cache under a name
that changes with its locked requirements, so that an upgrade makes a new one and nothing is mended.
"""

import fcntl
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from detector.cache import cache_home
from local.errors import InstallError, PythonUnsupportedError, ToolMissingError
from local.progress import Progress, silent

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements"
# localstack-core 4.9.2 is known good on 3.11; it is frozen upstream.
SUPPORTED_PYTHON = (3, 11)


@dataclass(frozen=True)
class Tool:
    """A tool to be installed.

    Attributes
    ----------
    name : str
        What it is.
    source : Path
        A file of locked requirements with hashes, or the folder of a package of ours.
    is_folder : bool
        Whether it goes into a plain folder, for PYTHONPATH, and not a virtual environment.
    """

    name: str
    source: Path
    is_folder: bool = False

    def key(self) -> str:
        """Give a name that changes with whatever the installation depends on."""
        digest = hashlib.sha256(sys.version.encode())
        digest.update(platform.platform().encode())
        for path in source_files(self.source):
            digest.update(f"\0{path.relative_to(self.source.parent)}\0".encode())
            digest.update(path.read_bytes())
        return f"{self.name}-{digest.hexdigest()[:16]}"


EMULATOR = Tool("emulator", REQUIREMENTS / "emulator.txt")
# Apart from the emulator, so that a change of it is installed in a second.
PLUGIN = Tool("plugin", HERE / "emulator", is_folder=True)
SAM = Tool("sam", REQUIREMENTS / "sam.txt")
LAMBDA = Tool("lambda", REQUIREMENTS / "lambda.txt", is_folder=True)
TOOLS = (EMULATOR, PLUGIN, SAM, LAMBDA)


@dataclass(frozen=True)
class Toolchain:
    """The installed tools.

    Attributes
    ----------
    emulator_python : Path
        Interpreter that has localstack-core.
    plugin : Path
        Folder with our plugin for it.
    sam_python : Path
        Interpreter that has the SAM command line.
    lambda_packages : Path
        Folder with what AWS gives every Python function: boto3 and the runtime client.
    lambda_python : Path
        Interpreter of functions.
    """

    emulator_python: Path
    plugin: Path
    sam_python: Path
    lambda_packages: Path
    lambda_python: Path


def source_files(source: Path) -> list[Path]:
    """Give a file itself, or the source files below a folder, in order."""
    if source.is_file():
        return [source]
    return sorted(p for p in source.rglob("*") if p.suffix in (".py", ".toml") and p.is_file())


def base_python() -> Path:
    """Give the interpreter below this virtual environment."""
    return Path(str(getattr(sys, "_base_executable", sys.executable))).resolve()


def check_python(version: tuple[int, int] | None = None) -> None:
    """Refuse a Python on which the emulator is not known to work.

    Raises
    ------
    PythonUnsupportedError
        When it is another than 3.11.
    """
    found = version or (sys.version_info.major, sys.version_info.minor)
    if found != SUPPORTED_PYTHON:
        raise PythonUnsupportedError(f"{found[0]}.{found[1]}")


def find_uv() -> str:
    """Give the path of ``uv``: beside this interpreter, else on PATH.

    Raises
    ------
    ToolMissingError
        When there is none.
    """
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if not found:
        raise ToolMissingError("uv", "run `make setup`, or pip install uv")
    return found


def ensure(progress: Progress = silent, home: Path | None = None) -> Toolchain:
    """Give the tools, installing on first use what is missing.

    Raises
    ------
    InstallError, PythonUnsupportedError, ToolMissingError
        When they cannot be installed.
    """
    check_python()
    folder = home or cache_home() / "tools"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        emulator = _install(EMULATOR, folder, progress) / "bin" / "python"
        return Toolchain(
            emulator_python=emulator,
            plugin=_install(PLUGIN, folder, progress, emulator),
            sam_python=_install(SAM, folder, progress) / "bin" / "python",
            lambda_packages=_install(LAMBDA, folder, progress),
            lambda_python=base_python(),
        )


def _install(tool: Tool, home: Path, progress: Progress, python: Path | None = None) -> Path:
    target = home / tool.key()
    if target.is_dir():
        return target
    progress(f"Installing {tool.name} (once)")
    part = Path(tempfile.mkdtemp(dir=home, prefix=f".{tool.name}-"))
    try:
        _fill(tool, part, python or base_python())
        # A virtual environment may be renamed: only its interpreter is called, never its scripts.
        part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return target


def _fill(tool: Tool, folder: Path, python: Path) -> None:
    uv = find_uv()
    if tool.is_folder:
        where = ["--target", str(folder), "--python", str(python)]
    else:
        _call([uv, "venv", "--quiet", "--python", str(python), str(folder)], tool.name)
        where = ["--python", str(folder / "bin" / "python")]
    install = [uv, "pip", "install", "--quiet", *where]
    if tool.source.is_file():
        _call([*install, "--require-hashes", "-r", str(tool.source)], tool.name)
        return
    # A build leaves files beside its sources, so it gets a copy of them. It needs setuptools, which
    # the emulator's requirements bring.
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "source")
        shutil.copytree(tool.source, copy, ignore=shutil.ignore_patterns("*.egg-info"))
        _call([*install, "--no-deps", "--no-build-isolation", str(copy)], tool.name)


def _call(command: list[str], what: str) -> None:
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        raise InstallError(what, done.stdout)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
