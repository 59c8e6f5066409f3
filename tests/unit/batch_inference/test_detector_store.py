"""The detector: fetched once, checked always, chosen by the machine, run in batches."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
import pytest
from botocore.exceptions import ClientError

from batch_inference import detector_store as store_module
from batch_inference import engine as engine_module
from batch_inference import log
from batch_inference.decoding import Facts
from batch_inference.detector_store import DetectorStore
from batch_inference.engine import CPU, OnnxEngine, choose_graph, cuda_usable, load_engine
from batch_inference.errors import ScoringError
from batch_inference.job import load_detector
from batch_inference.judge import Judge
from batch_inference.source import Source
from detector.manifest import ManifestEntry
from detector.package import DetectorPackage, Graph, PackageError, PackageFile, check_file
from detector.plan import DetectorRef
from detector.reason import Reason
from tests.unit.batch_inference.support import MODELS, REF, make_plan, put_entries, tiny_package

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE = "models/tiny/1.0.0/model.fp32.onnx"


class Counting:
    """S3 that counts downloads."""

    def __init__(self, s3: "S3Client") -> None:
        self._s3, self.downloads = s3, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def download_file(self, *arguments: Any) -> None:
        self.downloads += 1
        self._s3.download_file(*arguments)


def test_several_processes_download_a_graph_once(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path
) -> None:
    counting: Any = Counting(s3)
    paths: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: paths.append(
                DetectorStore(counting, tmp_path).fetch(REF, package, Graph.FP32)
            )
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(paths)) == 1
    assert counting.downloads == 1
    assert sorted(p.name for p in paths[0].parent.iterdir()) == [
        ".model.fp32.onnx.lock",
        "model.fp32.onnx",
    ]


def test_a_file_is_hashed_again_only_when_it_was_touched(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []

    def counted(folder: Path, wanted: PackageFile) -> Path:
        hashed.append(folder / wanted.file)
        return check_file(folder, wanted)

    monkeypatch.setattr(store_module, "check_file", counted)
    store = DetectorStore(s3, tmp_path)
    path = store.fetch(REF, package, Graph.FP32)
    once = len(hashed)
    assert DetectorStore(s3, tmp_path).fetch(REF, package, Graph.FP32) == path
    assert len(hashed) == once
    # As long as before, and written in the same place.
    path.write_bytes(bytes(path.stat().st_size))
    sound = store.fetch(REF, package, Graph.FP32).read_bytes()
    assert any(sound)
    assert len(hashed) > once


def test_an_altered_cache_is_fetched_again_and_an_altered_release_refused(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path
) -> None:
    store = DetectorStore(s3, tmp_path)
    path = store.fetch(REF, package, Graph.FP32)
    sound = path.read_bytes()
    path.write_bytes(sound[:-1])
    assert store.fetch(REF, package, Graph.FP32).read_bytes() == sound
    path.unlink()
    s3.put_object(Bucket=MODELS, Key=FILE, Body=sound + b"!")
    with pytest.raises(PackageError, match="altered"):
        store.fetch(REF, package, Graph.FP32)
    assert not path.exists()
    s3.delete_object(Bucket=MODELS, Key=FILE)
    with pytest.raises(PackageError, match="does not exist"):
        store.fetch(REF, package, Graph.FP32)


def test_a_release_that_is_not_there_or_names_itself_otherwise(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path
) -> None:
    store = DetectorStore(s3, tmp_path)
    assert store.describe(REF) == package
    other = DetectorRef(bucket=MODELS, name="tiny", version="2")
    with pytest.raises(PackageError, match="publish detector tiny@2"):
        store.describe(other)
    s3.put_object(Bucket=MODELS, Key="models/tiny/2/detector.json", Body=package.dumps().encode())
    with pytest.raises(PackageError, match=r"describes tiny@1\.0\.0"):
        store.describe(other)
    with pytest.raises(PackageError, match="no int8 graph"):
        store.fetch(REF, package, Graph.INT8)


def test_errors_of_s3_itself_are_passed_on(package: DetectorPackage, tmp_path: Path) -> None:
    class Denying:
        def get_object(self, **_arguments: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

        def download_file(self, *_arguments: Any) -> None:
            raise ClientError({"Error": {"Code": "403"}}, "HeadObject")

    client: Any = Denying()
    with pytest.raises(ClientError):
        DetectorStore(client, tmp_path).describe(REF)
    with pytest.raises(ClientError):
        DetectorStore(client, tmp_path).fetch(REF, package, Graph.FP32)


def test_the_graph_that_fits_the_machine(tmp_path: Path) -> None:
    both = tiny_package(tmp_path, (Graph.FP32, Graph.FP16))
    one = tiny_package(tmp_path, (Graph.FP32,))
    assert choose_graph(None, both, cuda=True) is Graph.FP16
    assert choose_graph(None, one, cuda=True) is Graph.FP32
    assert choose_graph(None, both, cuda=False) is Graph.FP32
    small = tiny_package(tmp_path, (Graph.FP32, Graph.INT8))
    assert choose_graph(None, small, cuda=False) is Graph.INT8
    assert choose_graph(None, small, cuda=True) is Graph.FP32
    assert choose_graph(Graph.FP16, both, cuda=False) is Graph.FP16
    with pytest.raises(PackageError):
        choose_graph(Graph.INT8, both, cuda=False)


def test_a_result_does_not_depend_on_its_batch(package_folder: Path) -> None:
    engine = OnnxEngine(package_folder / "model.fp32.onnx", Graph.FP32, cuda=False)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 224, 224, 3), np.uint8)
    together = engine.run(pixels)
    assert (together.logits.shape, together.embeddings.shape) == ((5,), (5, 512))
    assert together.logits.dtype == np.float32
    alone = [engine.run(pixels[n : n + 1]).logits[0] for n in range(5)]
    np.testing.assert_allclose(together.logits, alone, atol=1e-5)
    engine._pad, engine.batch_size = True, 8
    padded = engine.run(pixels)
    assert padded.logits.shape == (5,)
    np.testing.assert_allclose(together.logits, padded.logits, atol=1e-5)


def test_lanes_at_once_say_what_one_batch_says(package_folder: Path) -> None:
    path = package_folder / "model.fp32.onnx"
    pixels = np.random.default_rng(0).integers(0, 256, (12, 224, 224, 3), np.uint8)
    whole = OnnxEngine(path, Graph.FP32, cuda=False)
    parted = OnnxEngine(path, Graph.FP32, cuda=False, lanes=3)
    assert (whole.lanes, parted.lanes) == (1, 3)
    size = parted.batch_size
    parts = [pixels[at : at + size] for at in range(0, len(pixels), size)]
    with ThreadPoolExecutor(parted.lanes) as lanes:
        found = np.concatenate([scores.logits for scores in lanes.map(parted.run, parts)])
    np.testing.assert_allclose(found, whole.run(pixels).logits, atol=1e-5)


def test_without_a_gpu_cuda_falls_to_the_cpu_and_says_so(
    package_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    real, asked = ort.InferenceSession, []

    def session(path: str, options: Any, providers: list[str]) -> Any:
        asked.append(providers)
        return real(path, options, providers=[CPU])

    monkeypatch.setattr(log, "warning", said.append)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    monkeypatch.setattr(ort, "InferenceSession", session)
    engine = OnnxEngine(package_folder / "model.fp32.onnx", Graph.FP32, cuda=True)
    assert asked == [[engine_module.CUDA, CPU]]
    assert engine.provider == CPU
    assert "CUDA could not be used" in said[0]
    monkeypatch.setattr(engine_module, "NVIDIA_DEVICE", package_folder)
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CPU])
    assert not cuda_usable()


def test_a_graph_that_cannot_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"nonsense")
    with pytest.raises(ScoringError, match="cannot load"):
        load_engine(path, "0" * 64, Graph.FP32, cuda=False)


def test_the_pinned_detector_is_loaded(
    s3: "S3Client", package: DetectorPackage, tmp_path: Path
) -> None:
    plan = make_plan(s3, put_entries(s3, {"a": b"x"}))
    loaded, engine = load_detector(plan, s3, None, tmp_path)
    assert loaded == package
    assert engine.graph is Graph.FP32


def test_a_logit_that_is_no_number_is_no_verdict(s3: "S3Client", package: DetectorPackage) -> None:
    plan = make_plan(s3, put_entries(s3, {"a": b"x"}))
    judge = Judge(plan, package.calibration, package.decision, Graph.FP16, plan.lane)
    source = Source(3, ManifestEntry(bucket="b", key="k", etag="e", version="v"), "m#1")
    row = judge.score(source, Facts(5, "s", "PNG", 1, 2), float("nan"))
    assert (row.reason, row.width, row.image) == (Reason.NOT_SCORED, 1, "s3://b/k#m#1")
    good = judge.score(source, Facts(5, "s", "PNG", 1, 2), 2.0)
    assert (good.verdict.value, good.graph, good.entry) == ("ai", "fp16", 3)
    assert good.scored_at.microsecond % 1000 == 0
