"""Loading a graph tells no one: asked of ONNX Runtime, in a process and a home of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from detector.telemetry import VARIABLE

# What keeps ONNX Runtime quiet on a machine that builds, and would hide a mistake here.
QUIET = (VARIABLE, "CI", "ORT_RUNNING_UNIT_TESTS", "GITHUB_ACTIONS", "TF_BUILD")
LOAD = """
import {module}
import onnxruntime
import onnx
from onnx import TensorProto, helper

value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
node = helper.make_node("Identity", ["x"], ["y"])
graph = helper.make_graph([node], "g", value[:1], value[1:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
"""


def left_behind(module: str, home: Path) -> list[str]:
    """Load a graph after importing a module; return the files that are then in the user's home."""
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name not in QUIET}
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    # Whatever is sent ends at a port that no one listens on.
    environment |= {"HOME": str(home), "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-W", "ignore", "-c", LOAD.format(module=module)]
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120)
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "module", ["batch_inference.engine", "training.features", "training.saturation"]
)
def test_no_identifier_and_no_report_is_kept(module: str, tmp_path: Path) -> None:
    found = left_behind(module, tmp_path / "home")
    assert not [name for name in found if "onnxruntime" in name or "Microsoft" in name]


def test_by_itself_it_would(tmp_path: Path) -> None:
    """Else the test above would say nothing."""
    found = left_behind("sys", tmp_path / "home")
    assert [name for name in found if "onnxruntime" in name]
