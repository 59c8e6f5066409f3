"""What a new user does: a fresh checkout, the commands of the README, and nothing left behind.

Every command is read from the README's blocks; a test only fills in a folder where the README says
``/path/to/folder``. `make e2e` prints how long each step took.
"""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

CHECKOUT = Path(__file__).parents[2]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(port: int) -> dict[str, str]:
    """A shell without this test's virtual environment, AWS settings or state folder."""
    dropped = ("AWS_", "AIDETECT_HOME", "VIRTUAL_ENV", "COVERAGE", "PYTHON", "MAKE", "MFLAGS")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    path = [p for p in kept["PATH"].split(os.pathsep) if ".venv" not in p]
    return {**kept, "PATH": os.pathsep.join(path), "AIDETECT_PORT": str(port), "COLUMNS": "120"}


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Path]:
    """A checkout as a clone would be: the tracked files, none of what was built."""
    folder = tmp_path_factory.mktemp("newcomer") / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, check=True, capture_output=True, text=True
    ).stdout
    for name in listed.split("\0"):
        if name and (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    yield folder
    shell("test -x .venv/bin/aidetect && .venv/bin/aidetect local down || true", folder, port)


def shell(script: str, folder: Path, port: int, code: int = 0) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment(port),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == code, f"{script}\n{done.stdout}"
    return done.stdout


def readme_block(containing: str) -> str:
    """Return the one shell block of the README that holds a text."""
    blocks = re.findall(r"```bash\n(.*?)```", (CHECKOUT / "README.md").read_text(), re.DOTALL)
    (block,) = [b for b in blocks if containing in b]
    return str(block)


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of processes that run from a checkout or its state."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(folder) in line or str(process.info["cwd"] or "").startswith(str(folder)):
            found.append(line)
    return found


def test_one_command_scores_photographs(fresh: Path, port: int) -> None:
    block = readme_block("make demo\n")
    shown = shell(block, fresh, port)
    assert "8 images:" in shown
    for name in ("astronaut.png", "china.jpg", "rocket.jpg"):
        assert re.search(rf"{re.escape(name)}\s+(real|ai|unsure)\s+[01]\.\d\d", shown)
    assert re.search(r"Parquet: s3://\S+/results/run_date=\d{4}-\d\d-\d\d/batch=\w+/", shown)


def test_own_images(fresh: Path, port: int) -> None:
    own = fresh / "own images"
    own.mkdir()
    shutil.copy(fresh / ".aidetect/samples/coffee.png", own / "my coffee.png")
    block = readme_block("make demo IMAGES=").replace("/path/to/folder", f"'{own}'")
    shown = shell(block, fresh, port)
    assert "my coffee.png" in shown
    assert "1 image:" in shown


def test_the_report_of_own_images(fresh: Path, port: int) -> None:
    # Nobody sits here to look at the page.
    block = readme_block("aidetect report latest").replace("latest", "latest --no-open")
    shown = shell(block, fresh, port)
    (page,) = fresh.glob("aidetect-report-*.html")
    assert str(page) in shown
    assert "my coffee.png" in page.read_text()


def test_one_command_trains_on_own_images(fresh: Path, port: int) -> None:
    shell(".venv/bin/aidetect dataset sample photos --images 64", fresh, port)
    audit = shell(".venv/bin/aidetect dataset audit photos", fresh, port)
    assert "real" in audit
    block = readme_block("make train DATA").replace("/path/to/folder", "photos")
    shown = shell(block, fresh, port)
    for stage in ("prepare", "train", "evaluate", "export"):
        assert f"✓ {stage}" in shown
    assert re.search(r"clip-probe@\S+ is (promoted|refused)", shown)
    assert "<title>" in (fresh / "training-report.html").read_text()
    history = shell(".venv/bin/aidetect detector history", fresh, port)
    assert "first start" in history
    champion = shell(".venv/bin/aidetect detector champion", fresh, port).strip()
    assert (champion in shown) or "stays in use" in shown


def test_the_commands_of_the_readme(fresh: Path, port: int) -> None:
    shutil.copy(fresh / ".aidetect/samples/rocket.jpg", fresh / "photo.jpg")
    shown = shell(readme_block("aidetect verdict"), fresh, port)
    assert "photo.jpg" in shown
    assert "probability" in shown
    assert "Stopped" in shown
    assert processes_of(fresh) == []


def test_without_a_stack_the_message_says_what_to_do(fresh: Path, port: int) -> None:
    shown = shell(".venv/bin/aidetect score photo.jpg", fresh, port, code=1)
    assert "aidetect local up" in shown
    assert "AWS_PROFILE" in shown


def test_a_busy_port_is_named(fresh: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        shown = shell(".venv/bin/aidetect local up", fresh, port, code=1)
    assert f"port {port} is taken" in shown
    assert processes_of(fresh) == []
