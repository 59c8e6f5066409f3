"""The scorer's image: built as a user builds it, and run by the local stack's AWS Batch."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from aidetect.samples import write_samples
from aidetect.source import gather
from aidetect.upload import upload
from aidetect.verification.verify import verify
from detector.plan import Lane
from local.emulator.aidetect_emulator.batch_image import image_command
from local.emulator.aidetect_emulator.job_image import NEEDED, Root, forget, unpack
from local.options import UpOptions
from local.stack import down, up
from tests.integration.conftest import free_port
from tests.integration.stack import Stack, eventually, without_time
from tests.integration.test_kill import processes
from tests.unit.template.document import resources

CHECKOUT = Path(__file__).parents[2]
IMAGE = "localhost/aidetect-scorer:cpu"
JOB = ("batch_inference", "--plan")
PREFIX = "held/image/"
EROFS = os.strerror(errno.EROFS)
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(
        os.geteuid() != 0
        or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0,
        reason="an image is made and run here only by root, and where root may mount",
    ),
]


@pytest.fixture(scope="module")
def image() -> str:
    missing = [tool for tool in (*NEEDED, "debootstrap") if shutil.which(tool) is None]
    assert not missing, f"install {missing}: apt-get install buildah debootstrap"
    # What a user types where no registry of images can be reached.
    make = ["make", "image", "STAND_IN_BASE=1", "EXTRA=cpu", "BUILDER=buildah"]
    done = subprocess.run(make, cwd=CHECKOUT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return IMAGE


@pytest.fixture(scope="module")
def root(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    state = tmp_path_factory.mktemp("image")
    yield unpack(image, state)
    assert forget(state) == 1


def in_image(root: Root, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as the job of the template runs."""
    properties = resources("AWS::Batch::JobDefinition")["ScorerJob"]["Properties"]
    defined = properties["ContainerProperties"]
    (tmp,) = defined["LinuxParameters"]["Tmpfs"]
    container: dict[str, Any] = {
        "user": defined["User"],
        "readonlyRootFilesystem": defined["ReadonlyRootFilesystem"],
        "linuxParameters": {
            "sharedMemorySize": defined["LinuxParameters"]["SharedMemorySize"],
            "tmpfs": [
                {
                    "containerPath": tmp["ContainerPath"],
                    "size": tmp["Size"],
                    "mountOptions": tmp["MountOptions"],
                }
            ],
        },
    }
    command = image_command(root, container, ["python", "-c", code], {})
    return subprocess.run(
        command, env=dict(root.environ), check=False, capture_output=True, text=True
    )


def test_it_holds_what_scores_and_no_torch(root: Root) -> None:
    listed = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    names = set(in_image(root, listed).stdout.lower().split())
    assert names >= {"onnxruntime", "numpy", "pillow", "pyarrow", "boto3"}
    assert not {name for name in names if name.startswith(("torch", "transformers", "nvidia"))}
    whole = in_image(root, "import batch_inference.main")
    assert whole.returncode == 0, whole.stderr
    assert "No module named 'training'" in in_image(root, "import training").stderr


def test_a_job_is_nobody(root: Root) -> None:
    who = "import os; print(os.getuid(), os.getgid(), len(os.getgroups()), os.getcwd())"
    assert in_image(root, who).stdout.split() == ["10001", "10001", "0", "/app"]


@pytest.mark.parametrize("path", ["/app", "/opt/job", "/etc/passwd"])
def test_a_job_can_change_no_file_of_the_image(root: Root, path: str) -> None:
    assert os.strerror(errno.EROFS) in in_image(root, f"import os; os.utime({path!r})").stderr


def test_what_a_job_writes_cannot_be_run(root: Root) -> None:
    script = """
import pathlib, subprocess
path = pathlib.Path("/tmp/script")
path.write_text("#!/bin/sh")
path.chmod(0o755)
print("written")
subprocess.run([path])
"""
    done = in_image(root, script)
    assert done.stdout == "written\n"
    assert os.strerror(errno.EACCES) in done.stderr


@pytest.mark.parametrize(
    ("code", "status"),
    [("import sys; sys.exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)],
)
def test_a_job_ends_as_its_process_does(root: Root, code: str, status: int) -> None:
    assert in_image(root, code).returncode == status


@pytest.fixture(scope="module")
def stack(image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("image-home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIDETECT_HOME", str(home))
        up(UpOptions(port=free_port(), parameters={"JobImageUri": image}))
        yield Stack.running()
        down()


def test_it_scores_as_the_functions_do_also_after_it_was_killed(
    stack: Stack, tmp_path: Path
) -> None:
    write_samples(tmp_path)
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    bucket = stack.target.outputs.IntakeBucket
    upload(stack.target.s3, bucket, gather(tmp_path, PREFIX))
    arn = stack.start({"prefix": f"s3://{bucket}/{PREFIX}", "lane": Lane.BATCH.value}, "in-image")
    first = eventually(in_its_image, seconds=120, what="a job in the image")
    first.kill()
    execution, why = stack.end(arn)
    assert execution.status == "SUCCEEDED", why
    by_job = stack.rows(execution.batch)
    assert verify(stack.target, stack.summary(execution.batch)).kept
    by_function = stack.score(PREFIX, "by-function", Lane.EXPRESS)
    assert {row["lane"] for row in by_job} == {"batch"}
    assert [other_lane(row) for row in without_time(by_job)] == [
        other_lane(row) for row in without_time(by_function)
    ]


def in_its_image() -> psutil.Process | None:
    """Return the job once it is the image's user, in the image's files."""
    for process in processes(*JOB):
        try:
            inside = Path(f"/proc/{process.pid}/root").readlink()
            if process.uids().real == 10001 and (inside / "opt/job/bin/python").is_symlink():
                return process
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue  # it has just ended
    return None


def other_lane(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "lane"}
