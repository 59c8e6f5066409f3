"""Score photographs by the 8-bit graph on this processor and on emulated ones, beside float32.

python -m benchmarks.processors --out benchmarks/processors.json

AVX2 without VNNI saturates sums of two 8-bit products, which newer processors do not show; QEMU's
user mode emulates one (``qemu-x86_64-static`` of Debian's and Ubuntu's ``qemu-user-static``). Takes
minutes.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from aidetect.samples import write_samples
from benchmarks.agreement import agreement
from benchmarks.graphs import read
from benchmarks.machine import machine
from detector.package import Graph, check_file, load_package
from training import embedded
from training.saturation import probe

ASKED = Path(__file__).with_name("logits.py")
# AVX2 without VNNI: what Lambda promises no more than.
EMULATED = "Haswell-v4"


def ask(emulator: list[str], *files: Path) -> dict[str, Any]:
    """Return the logits that a processor gives, and whether its products saturate."""
    command = [*emulator, sys.executable, str(ASKED), *map(str, files)]
    said: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    )
    return said


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processors", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--qemu", default="qemu-x86_64-static", help="the emulator")
    arguments = parser.parse_args()
    folder = embedded.build()
    package = load_package(folder)
    graphs = {g: check_file(folder, package.graph(g)) for g in (Graph.FP32, Graph.INT8)}
    with tempfile.TemporaryDirectory() as scratch:
        question, pixels = Path(scratch, "probe.onnx"), Path(scratch, "pixels.npy")
        onnx.save(probe(), question)
        photographs = write_samples(Path(scratch, "photographs"))
        np.save(pixels, read(photographs, package.preprocessing))
        full = ask([], graphs[Graph.FP32], question, pixels)["logits"]
        emulator = [arguments.qemu, "-cpu", EMULATED]
        found = {}
        for name, command in {"this one": [], f"{EMULATED}, emulated": emulator}.items():
            said = ask(command, graphs[Graph.INT8], question, pixels)
            found[name] = {
                "saturates": said["saturates"],
                **agreement(package, full, said["logits"]),
            }
    result = {
        "detector": f"{package.name}@{package.version}",
        "photographs": len(photographs),
        "command": f"python -m benchmarks.processors --out {arguments.out}",
        "machine": machine(),
        "processors": found,
    }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
