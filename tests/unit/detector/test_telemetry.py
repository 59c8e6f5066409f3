"""Loading a graph tells no one: asked of ONNX Runtime, in a process and a home of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

LOAD = """
import {module}
import onnx.parser
import onnxruntime

text = '<ir_version: 10, opset_import: ["" : 17]> g (float[1] x) => (float[1] y) {{y = Neg(x)}}'
model = onnx.parser.parse_model(text)
onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
"""


def left_behind(module: str, home: Path) -> list[str]:
    """Load a graph after importing a module; return the files that are then in the user's home."""
    home.mkdir()
    # Nothing of this process's own: a dozen variables of machines that build keep it quiet, too.
    # Whatever is sent ends at a port that no one listens on.
    environment = {"HOME": str(home), "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-W", "ignore", "-c", LOAD.format(module=module)]
    subprocess.run(command, check=True, env=environment, capture_output=True, timeout=120)
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "module",
    ["batch_inference.engine", "training.features", "training.saturation", "benchmarks.graphs"],
)
def test_no_identifier_and_no_report_is_kept(module: str, tmp_path: Path) -> None:
    found = left_behind(module, tmp_path / "home")
    assert not [name for name in found if "onnxruntime" in name or "Microsoft" in name]


def test_by_itself_it_would(tmp_path: Path) -> None:
    """Else the test above would say nothing."""
    found = left_behind("sys", tmp_path / "home")
    assert [name for name in found if "onnxruntime" in name]
