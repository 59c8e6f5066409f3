"""The faults: what happens to a drop, and how."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import libfaketime
import psutil

from aidetect.status.executions import list_runs
from detector.layout import detector_prefix
from detector.package import Graph
from local.emulator.aidetect_emulator.fault_file import CallFault
from tests.faults.scene import Dropped, Scene
from tests.faults.trial import Trial, follow, hold
from tests.integration.test_kill import processes

EXPRESS, BATCH = 8, 32
# Seconds of an outage: to be tried at all, and to outlast a handful of retries.
SHORT, LONG = (6.0, 10.0), (75.0, 100.0)
JOB = ("batch_inference", "--plan")
FUNCTION = ("awslambdaric", "functions.express")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Fault:
    """One kind of fault; ``run`` drops images, lets it happen, and holds what came."""

    name: str
    what: str
    run: Callable[[Scene, str], Trial]


def _ended(scene: Scene, name: str, dropped: Dropped, began: float) -> Trial:
    follow(scene, dropped)
    seconds = time.monotonic() - began
    scene.asked.lift()
    return hold(scene, name, dropped, seconds)


def _soon(look: Callable[[], list[Found]]) -> list[Found]:
    """Look until something is found, for a minute at most."""
    end = time.monotonic() + 60
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def calls(images: int, *faults: CallFault) -> Callable[[Scene, str], Trial]:
    """Have calls fail from the drop to its last row."""

    def run(scene: Scene, name: str) -> Trial:
        with scene.asked.calls(*faults):
            began = time.monotonic()
            return _ended(scene, name, scene.drop(images), began)

    return run


def outage(
    images: int, *faults: CallFault, seconds: tuple[float, float]
) -> Callable[[Scene, str], Trial]:
    """Have calls fail for so many seconds from the drop on."""

    def run(scene: Scene, name: str) -> Trial:
        with scene.asked.calls(*faults):
            began = time.monotonic()
            dropped = scene.drop(images)
            time.sleep(scene.rng.uniform(*seconds))
        return _ended(scene, name, dropped, began)

    return run


def outage_under_way(
    images: int, *faults: CallFault, seconds: tuple[float, float]
) -> Callable[[Scene, str], Trial]:
    """Have calls fail for so many seconds from the start of the execution on."""

    def run(scene: Scene, name: str) -> Trial:
        began = time.monotonic()
        dropped = scene.drop(images)
        target = scene.stack.target
        machine = target.outputs.ScoringStateMachineArn
        _soon(lambda: list_runs(target.sfn, machine, "RUNNING"))
        with scene.asked.calls(*faults):
            time.sleep(scene.rng.uniform(*seconds))
        return _ended(scene, name, dropped, began)

    return run


def strike(
    images: int, words: tuple[str, ...], blow: Callable[[Scene, psutil.Process], None]
) -> Callable[[Scene, str], Trial]:
    """Strike a process at a random moment of its life."""

    def run(scene: Scene, name: str) -> Trial:
        began = time.monotonic()
        dropped = scene.drop(images)
        found = _soon(lambda: processes(*words))
        time.sleep(scene.rng.uniform(0, 3))
        for process in found:
            blow(scene, process)
        return _ended(scene, name, dropped, began)

    return run


def _kill(_scene: Scene, process: psutil.Process) -> None:
    if process.is_running():
        process.kill()


def tell_again(scene: Scene, name: str) -> Trial:
    """Tell of each upload three times more, in any order, at once and later.

    The emulator tells of the same bytes at the same key in the same words.
    """
    began = time.monotonic()
    dropped = scene.drop(EXPRESS)
    for _ in range(3):
        scene.tell_again(dropped)
        time.sleep(scene.rng.uniform(0, 1.5))
    return _ended(scene, name, dropped, began)


def poison(scene: Scene, name: str) -> Trial:
    """Mix messages that nobody can read with good ones."""
    target = scene.stack.target
    for text in ("{not an event", '{"Records": 3}'):
        target.sqs.send_message(QueueUrl=target.outputs.ArrivalsQueueUrl, MessageBody=text)
    began = time.monotonic()
    return _ended(scene, name, scene.drop(EXPRESS), began)


def damaged_model(images: int) -> Callable[[Scene, str], Trial]:
    """Damage the champion's graphs; mend them, and score what was left without a verdict."""

    def run(scene: Scene, name: str) -> Trial:
        ref = scene.promote_new()
        target, prefix = scene.stack.target, detector_prefix(ref.bucket, ref.name, ref.version)
        keys = [prefix.join(f"model.{graph.value}.onnx").key for graph in Graph]
        whole = {
            key: target.s3.get_object(Bucket=ref.bucket, Key=key)["Body"].read()
            for key in keys
            if key in scene.stack.keys(ref.bucket, prefix.key)
        }
        for key, data in whole.items():
            target.s3.put_object(Bucket=ref.bucket, Key=key, Body=data[::-1])
        began = time.monotonic()
        dropped = scene.drop(images)
        found = _ended(scene, name, dropped, began)
        for key, data in whole.items():
            target.s3.put_object(Bucket=ref.bucket, Key=key, Body=data)
        rows = scene.stack.score(dropped.prefix, f"mended-{ref.version.replace('.', '-')}")
        seconds = time.monotonic() - began
        right = {r["key"] for r in rows if r["verdict"] != "error"} == dropped.keys
        # Each image has one row, which says why it has no verdict; and after mending, a verdict.
        if found.unscored == len(dropped.keys) and right and len(rows) == len(dropped.keys):
            found = Trial(**{**found.record(), "unscored": 0, "seconds": round(seconds, 1)})
        return found

    return run


def full_disk(scene: Scene, name: str) -> Trial:
    """Let the first attempts of a job find no room for the detector."""
    scene.promote_new()
    began = time.monotonic()
    with scene.asked.full_disk(64):
        dropped = scene.drop(BATCH)
        psutil.wait_procs(_soon(lambda: processes(*JOB)), timeout=60)
    return _ended(scene, name, dropped, began)


def skewed(scene: Scene, name: str) -> Trial:
    """Set the clocks of jobs and new functions ten minutes off, the most that AWS lets pass.

    Requests may differ by 15 minutes:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Error.html (RequestTimeTooSkewed)
    """
    offset = scene.rng.choice(("-600s", "+600s"))
    folder = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src"
    library = str(folder / "libfaketime.so.1")
    with scene.asked.environ(LD_PRELOAD=library, FAKETIME=offset, DONT_FAKE_MONOTONIC="1"):
        for process in processes(*FUNCTION):
            _kill(scene, process)
        began = time.monotonic()
        return _ended(scene, name, scene.drop(BATCH), began)


S3_BUSY = CallFault("s3", share=0.3, status=503, code="SlowDown")
S3_LOST = (
    CallFault("s3", "Put*", 0.2, 500, "InternalError", answer_lost=True),
    CallFault("s3", "Get*", share=0.2, status=500, code="InternalError"),
)
SQS = CallFault("sqs", share=0.5, status=500, code="InternalError")
START = (
    CallFault("stepfunctions", "StartExecution", 0.4, 400, "ThrottlingException"),
    CallFault("stepfunctions", "StartExecution", 0.4, 500, "InternalFailure", answer_lost=True),
)
# The quota of open executions: https://docs.aws.amazon.com/step-functions/latest/APIReference/API_StartExecution.html
FULL = CallFault("stepfunctions", "StartExecution", 1.0, 400, "ExecutionLimitExceeded")
SUBMIT = CallFault("batch", "SubmitJob", 0.5, 500, "ServerException")
SUBMIT_LOST = CallFault("batch", "SubmitJob", 0.5, 500, "ServerException", answer_lost=True)
SUBMIT_DOWN = replace(SUBMIT, share=1.0)
INVOKE = CallFault("lambda", "Invoke", 0.4, 429, "TooManyRequestsException")
INVOKE_FULL = replace(INVOKE, share=1.0)
TELL = (
    CallFault("events", "PutEvents", 1.0, 500, "InternalException"),
    CallFault("sns", "Publish", 1.0, 500, "InternalError"),
)

FAULTS = [
    # What the others are held against.
    Fault("none", "nothing happens", calls(BATCH)),
    Fault("job killed", "SIGKILL of a job at a random moment", strike(BATCH, JOB, _kill)),
    Fault(
        "spot reclaimed",
        "SIGTERM of a job, then SIGKILL, and its machine is gone",
        strike(BATCH, JOB, lambda scene, _: scene.asked.reclaim()),
    ),
    Fault("function killed", "SIGKILL of the express function", strike(EXPRESS, FUNCTION, _kill)),
    Fault("S3 throttles", "30% of all S3 calls answer 503 SlowDown", calls(BATCH, S3_BUSY)),
    Fault(
        "S3 loses answers",
        "20% of writes are done and answer 500; 20% of reads answer 500",
        calls(BATCH, *S3_LOST),
    ),
    Fault("SQS fails", "half of all receives and deletes answer 500", calls(EXPRESS, SQS)),
    Fault(
        "start throttled",
        "40% of StartExecution are throttled, 40% of the answers to the others lost",
        calls(EXPRESS, *START),
    ),
    Fault(
        "start refused",
        "for six to ten seconds no execution may start: ExecutionLimitExceeded",
        outage(EXPRESS, FULL, seconds=SHORT),
    ),
    Fault("submit fails", "half of SubmitJob answer 500", calls(BATCH, SUBMIT)),
    Fault(
        "submit answer lost", "half of SubmitJob are done and answer 500", calls(BATCH, SUBMIT_LOST)
    ),
    Fault("functions throttled", "40% of invocations answer 429", calls(EXPRESS, INVOKE)),
    Fault("news refused", "the event bus and the topic answer 500", calls(EXPRESS, *TELL)),
    Fault("events repeated", "each event three times more, in any order", tell_again),
    Fault("poison", "messages that nobody can read, among good ones", poison),
    Fault(
        "model damaged, express",
        "the champion's graphs are other bytes; mended, scored again",
        damaged_model(EXPRESS),
    ),
    Fault("model damaged, batch", "the same in the batch lane", damaged_model(BATCH)),
    Fault("disk full", "the first attempt of a job can write no file", full_disk),
    Fault("clock skewed", "jobs and functions ten minutes early or late", skewed),
]

# Minutes each, so not among all tests.
OUTAGES = [
    Fault(
        "submit refused",
        "for 75 to 100 seconds every SubmitJob answers 500",
        outage(BATCH, SUBMIT_DOWN, seconds=LONG),
    ),
    Fault(
        "functions refused",
        "for 75 to 100 seconds of its execution every invocation answers 429",
        outage_under_way(BATCH, INVOKE_FULL, seconds=LONG),
    ),
]
