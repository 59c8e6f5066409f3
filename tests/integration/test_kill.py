"""What is killed resumes, and nobody can tell from the rows."""

import threading
from collections.abc import Callable

import psutil
import pytest

from aidetect.source import gather
from aidetect.upload import upload
from detector.layout import RESULTS_PREFIX
from detector.plan import Lane
from local.paths import state_home
from local.processes import marked
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack, eventually, without_time

pytestmark = pytest.mark.integration

PREFIX = "held/kill/"
IMAGES = 100


@pytest.fixture(scope="module")
def images(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("kill") / "images"
    write_photographs(folder, IMAGES, seed=1)
    upload(stack.target.s3, stack.target.outputs.IntakeBucket, gather(folder, PREFIX))
    return PREFIX


def processes(*words: str) -> list[psutil.Process]:
    """Return the processes of this test's stack whose command line has all the words."""
    found = []
    for process in marked(state_home()):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if all(word in line for word in words):
            found.append(process)
    return found


def chunks(stack: Stack, batch: str) -> list[str]:
    keys = stack.keys(stack.target.outputs.ResultsBucket, RESULTS_PREFIX)
    return [k for k in keys if f"/batch={batch}/" in k]


def kill_when(committed: Callable[[], bool], victims: Callable[[], list[psutil.Process]]) -> int:
    """SIGKILL the victims as soon as something is committed; return how many died."""

    def ready() -> list[psutil.Process] | None:
        return (victims() or None) if committed() else None

    dead = 0
    for process in eventually(ready, seconds=300, what="a process at work"):
        try:
            process.kill()
            dead += 1
        except psutil.NoSuchProcess:
            continue
    return dead


def test_a_killed_child_resumes(stack: Stack, images: str) -> None:
    undisturbed = stack.score(images, "kill-none", Lane.BATCH)
    arn = stack.start(
        {"prefix": f"s3://{stack.target.outputs.IntakeBucket}/{images}", "lane": "batch"},
        "kill-child",
    )
    dead = kill_when(
        lambda: len(chunks(stack, "kill-child")) > 0,
        lambda: processes("batch_inference", "--plan", "kill-child"),
    )
    assert dead > 0
    execution, why = stack.end(arn)
    assert execution.status == "SUCCEEDED", why
    assert without_time(stack.rows("kill-child")) == without_time(undisturbed)


def test_a_killed_express_invocation_ends_in_the_same_rows(stack: Stack, images: str) -> None:
    undisturbed = stack.score(images, "kill-no-express", Lane.EXPRESS)
    document = {"prefix": f"s3://{stack.target.outputs.IntakeBucket}/{images}", "lane": "express"}
    arn = stack.start(document, "kill-express")
    dead = kill_when(
        lambda: len(chunks(stack, "kill-express")) > 0,
        lambda: processes("awslambdaric", "functions.express"),
    )
    assert dead > 0
    execution, why = stack.end(arn)
    assert execution.status == "SUCCEEDED", why
    assert without_time(stack.rows("kill-express")) == without_time(undisturbed)


def test_a_child_that_never_succeeds_leaves_error_rows_not_gaps(stack: Stack, images: str) -> None:
    arn = stack.start(
        {"prefix": f"s3://{stack.target.outputs.IntakeBucket}/{images}", "lane": "batch"},
        "kill-always",
    )
    over = threading.Event()

    def slaughter() -> None:
        while not over.wait(0.05):
            for process in processes("batch_inference", "--plan", "kill-always"):
                process.kill()

    thread = threading.Thread(target=slaughter)
    thread.start()
    try:
        execution, why = stack.end(arn)
    finally:
        over.set()
        thread.join()
    assert execution.status == "FAILED"
    assert "BatchIncomplete" in why
    rows = stack.rows("kill-always")
    assert len({r["image"] for r in rows}) == len(rows) == IMAGES
    assert {r["reason"] for r in rows} == {"not_scored"}
    assert stack.summary("kill-always").status == "incomplete"
