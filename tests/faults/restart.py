"""Faults that take the whole local stack; only on a stack of their own."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import psutil

from aidetect.execution import keys_below
from aidetect.resolve import resolve
from local.resume import control_objects
from local.stack import status
from tests.faults.catalogue import BATCH, Fault
from tests.faults.scene import Dropped, Scene
from tests.faults.stored import await_batches
from tests.faults.trial import PATIENCE, Trial, hold

# The local stack has an object on disk within so many seconds of its upload (local/DIFFERENCES.md).
SAVED = 3.0
# What a deployment changes here: nothing that these trials are about.
CHANGED = "LogRetentionDays"
DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365)


def command(parameters: Mapping[str, str], port: int) -> list[str]:
    """Return the command that starts a stack, or brings it up to date."""
    given = [f"-p{name}={value}" for name, value in parameters.items()]
    start = [sys.executable, "-m", "aidetect", "local", "up", "--no-detector"]
    return [*start, "--port", str(port), *given]


def restarted(
    parameters: Mapping[str, str], blow: Callable[[Scene, Mapping[str, str], int], None]
) -> Callable[[Scene, str], Trial]:
    """Drop images, and let the stack be restarted at a random moment of the batch."""

    def run(scene: Scene, name: str) -> Trial:
        port = int(scene.stack.endpoint.rpartition(":")[2])
        began = time.monotonic()
        dropped = scene.drop(BATCH)
        time.sleep(SAVED + scene.rng.uniform(0, 4))
        blow(scene, parameters, port)
        return _ended(scene, name, dropped, began)

    return run


def _ended(scene: Scene, name: str, dropped: Dropped, began: float) -> Trial:
    scene.stack.target = resolve("local")
    scene.hasten()
    await_batches(scene, dropped, PATIENCE)
    return hold(scene, name, dropped, time.monotonic() - began, _stored)


def _stored(scene: Scene, dropped: Dropped) -> dict[str, str]:
    """Find the drop's batches by their manifests: executions are forgotten with the stack."""
    target = scene.stack.target
    bucket = target.outputs.ResultsBucket
    return {
        batch: "it has a manifest"
        for batch, names in control_objects(target.s3, bucket).items()
        if "manifest.jsonl" in names and keys_below(target.s3, bucket, batch, dropped.prefix)
    }


def _kill(_scene: Scene, parameters: Mapping[str, str], port: int) -> None:
    pid = status().pid
    if pid is None:
        raise RuntimeError("the local stack does not run")
    process = psutil.Process(pid)
    process.kill()
    process.wait(60)
    subprocess.run(command(parameters, port), check=True, capture_output=True)


def _deploy_twice(scene: Scene, parameters: Mapping[str, str], port: int) -> None:
    """Start two different deployments at once; the second waits for the first, and both succeed."""
    both = [
        subprocess.Popen(
            command({**parameters, CHANGED: str(days)}, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for days in scene.rng.sample(DAYS, 2)
    ]
    for process in both:
        said, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"a deployment failed: {said}")


def restarts(parameters: Mapping[str, str]) -> list[Fault]:
    """Return these faults, for a stack that was started with such parameters."""
    return [
        Fault(
            "stack killed",
            "SIGKILL of the whole local stack in mid-batch, and a new start",
            restarted(parameters, _kill),
        ),
        Fault(
            "two deployments",
            "two changed deployments at once in mid-batch, on the local stack",
            restarted(parameters, _deploy_twice),
        ),
    ]
