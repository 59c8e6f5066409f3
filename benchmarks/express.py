"""Measure the express function, cold and warm, in the local Lambda runtime on a stack of its own.

python -m benchmarks.express [--images 1 8 32] [--rounds 5] [--out benchmarks/express.json]

Each round takes a new execution environment, so that the first call finds no process, no imported
module and no session, and the second finds them all. Seconds are those of the whole ``Invoke``. A
function here has all processors of this machine, and not the 1.7 vCPUs of its memory size.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.throughput.photograph import files_in, mix_of, write
from detector.cache import cache_home
from local.options import UpOptions
from local.stack import down, up
from tests.faults.measured import say
from tests.integration.conftest import free_port
from tests.integration.stack import Stack

MIB = 1 << 20


class Functions:
    """The functions of a stack, called one by one as the state machine calls them."""

    def __init__(self, stack: Stack) -> None:
        self._client = stack.functions
        self._name = cache(stack.function)
        self._renewed = 0

    def call(self, part: str, event: dict[str, Any]) -> dict[str, Any]:
        """Invoke a function, and return what it answers."""
        name, payload = self._name(part), json.dumps(event).encode()
        answer = self._client.invoke(FunctionName=name, Payload=payload)
        document: dict[str, Any] = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise SystemExit(f"{name}: {document}")
        return document

    def renew(self, part: str) -> None:
        """Have the next call begin in a new environment."""
        self._renewed += 1
        told = f"measured for the {self._renewed}. time"
        self._client.update_function_configuration(FunctionName=self._name(part), Description=told)
        self._client.get_waiter("function_updated_v2").wait(FunctionName=self._name(part))

    def bundle(self, part: str) -> int:
        """Return the bytes of a function's code, stored without compression."""
        return self._client.get_function(FunctionName=self._name(part))["Configuration"]["CodeSize"]


def score(stack: Stack, functions: Functions, images: int, name: str) -> float:
    """Score photographs that lie in the bucket; return the seconds of the express function."""
    prefix = f"s3://{stack.target.outputs.IntakeBucket}/{place(images)}"
    asked = {"input": {"prefix": prefix, "lane": "express"}, "execution": name}
    plan = functions.call("Plan", asked)
    began = time.perf_counter()
    answer = functions.call("Express", {"plan": plan["plan"], "batch": plan["batch"], "shard": 0})
    seconds = time.perf_counter() - began
    closed = functions.call("Collect", plan)
    if answer["rows"] != images or closed["counts"]["reasons"]:
        raise SystemExit(f"{closed} of {images} images: this is no measurement")
    return seconds


def place(images: int) -> str:
    """Return the prefix where so many photographs lie; it is none that is scored as they arrive."""
    return f"held/express-{images}/"


def measure(stack: Stack, images: int, rounds: int) -> dict[str, Any]:
    """Return the cold and the warm seconds of so many images."""
    functions = Functions(stack)
    for path in sorted(write(images, cache_home()).iterdir()):
        stack.put(f"{place(images)}{path.name}", path.read_bytes())
    cold, warm = [], []
    for number in range(rounds):
        functions.renew("Express")
        cold.append(score(stack, functions, images, f"cold-{images}-{number}"))
        warm.append(score(stack, functions, images, f"warm-{images}-{number}"))
        say(f"{images:4} images: cold {cold[-1]:.2f} s, warm {warm[-1]:.2f} s")
    return {
        "images": images,
        "cold_seconds": [round(one, 3) for one in cold],
        "warm_seconds": [round(one, 3) for one in warm],
        "cold": round(statistics.median(cold), 3),
        "warm": round(statistics.median(warm), 3),
        "warm_per_image": round(statistics.median(warm) / images, 3),
    }


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.express", description=__doc__)
    parser.add_argument("--images", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/express.json"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aidetect-express-") as home:
        os.environ["AIDETECT_HOME"] = home
        try:
            up(UpOptions(port=free_port()), say)
            stack = Stack.running()
            found = [measure(stack, images, given.rounds) for images in given.images]
            bundle = round(Functions(stack).bundle("Express") / MIB, 1)
        finally:
            down()
    result = {
        "command": "python -m benchmarks.express",
        "machine": machine(),
        "onnxruntime": version("onnxruntime"),
        "photographs": asdict(mix_of(files_in(write(max(given.images), cache_home())))),
        "bundle_mib": bundle,
        "found": found,
    }
    given.out.write_text(json.dumps(result, indent=1) + "\n")
    say(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
