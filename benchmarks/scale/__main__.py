"""Measure planning, an array child and closing of batches of 10 thousand to a million images.

python -m benchmarks.scale [--images 10000 100000 1000000] [--out benchmarks]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.machine import machine
from benchmarks.s3_server import LocalS3, local_s3
from benchmarks.scale.table import FUNCTIONS, render
from benchmarks.throughput.batch import BUCKET, publish
from detector.layout import BatchLayout
from tests.unit.batch_inference.support import noise_png, tiny_package

PER_SHARD = 100
PREFIX = "photographs/"
# Children whose work is done by the scorer; the rest is filled in.
CHILDREN = ("first", "last")


class _Template(yaml.SafeLoader):
    """Reads what has one of CloudFormation's own tags as that tag: only plain numbers are asked."""


_Template.add_multi_constructor("!", lambda _loader, tag, _node: tag)


def functions(template: Path) -> dict[str, dict[str, int]]:
    """Return what the template gives the measured functions: memory in MB, seconds."""
    resources = yaml.load(template.read_text(), Loader=_Template)["Resources"]  # noqa: S506 - safe
    return {
        name: {
            "memory_mb": resources[name]["Properties"]["MemorySize"],
            "seconds": resources[name]["Properties"]["Timeout"],
        }
        for name in FUNCTIONS.values()
    }


def disk_mb(template: Path) -> int:
    """Return the plan function's disk in MB."""
    resources = yaml.load(template.read_text(), Loader=_Template)["Resources"]  # noqa: S506 - safe
    return int(resources["PlanFunction"]["Properties"]["EphemeralStorage"]["Size"])


def do(step: str, batch: str, described: Path, storage: LocalS3) -> dict[str, Any]:
    """Run a step in its own process.

    Raises
    ------
    SystemExit
        If it fails; it has said why.
    """
    environ = {
        **os.environ,
        **storage.environment,
        "RESULTS_BUCKET": BUCKET,
        "MODELS_BUCKET": BUCKET,
        "CHAMPION_PARAMETER": "/scale/champion",
        "EXPRESS_MAX_IMAGES": "0",
        "IMAGES_PER_SHARD": str(PER_SHARD),
        "CHUNK_SIZE": "1000",
        "MAX_IMAGE_BYTES": str(100 << 20),
        "MAX_IMAGE_PIXELS": "100000000",
        "EVIDENCE_IMAGES": "5000",
        "POWERTOOLS_SERVICE_NAME": "scale",
    }
    command = [sys.executable, "-m", "benchmarks.scale.step", step, batch]
    command += [f"s3://{BUCKET}/{PREFIX}", str(described)]
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{step} ended with status {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    print(step, found, file=sys.stderr, flush=True)
    return found


def measure(images: int) -> dict[str, Any]:
    """Take a batch of so many images through every step."""
    batch, steps = f"scale-{images}", {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        image = folder / "image.png"
        image.write_bytes(noise_png(0))
        package = tiny_package(folder / "detector")
        options = ["--objects", f"{BUCKET}/{PREFIX}={images}:{image}"]
        options += ["--parameter", f"{package.name}@{package.version}"]
        with local_s3(folder / "s3", *options) as storage:
            s3 = storage.client()
            publish(s3, folder / "detector", package)
            described = folder / "detector" / "detector.json"
            for step in ("start", "plan"):
                steps[step] = do(step, batch, described, storage)
            last = steps["plan"]["shards"] - 1
            for name, index in zip(CHILDREN, (0, last), strict=True):
                steps[f"child, {name}"] = do(f"child {index}", batch, described, storage)
            steps["fill"] = do("fill", batch, described, storage)
            steps["close"] = do("close", batch, described, storage)
            manifest = BatchLayout(BUCKET, batch).manifest
            size = s3.head_object(Bucket=BUCKET, Key=manifest.key)["ContentLength"]
    if steps["close"]["rows"] != images:
        raise SystemExit(f"{steps['close']['rows']} rows of {images} images: no measurement")
    return {"images": images, "manifest_mb": round(size / 1e6, 2), "steps": steps}


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--images", nargs="+", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--out", type=Path, default=Path("benchmarks"))
    arguments = parser.parse_args()
    template = Path("template.yaml")
    document: dict[str, Any] = {
        "machine": machine(),
        "command": "python -m benchmarks.scale",
        "functions": functions(template),
        "disk_mb": disk_mb(template),
        "sizes": [],
    }
    for images in arguments.images:
        document["sizes"].append(measure(images))
        (arguments.out / "scale.json").write_text(json.dumps(document, indent=1) + "\n")
        (arguments.out / "scale.md").write_text(render(document))
    return 0


if __name__ == "__main__":
    sys.exit(main())
