"""A small detector, a batch in moto's S3, and ways to read its results."""

import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import onnx
import pyarrow.parquet as pq
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from batch_inference.decoding import Decoded, decode
from batch_inference.engine import Scores
from batch_inference.settings import Settings
from detector.calibration import Calibration
from detector.evidence import MAX_IMAGES
from detector.layout import BatchLayout, detector_prefix
from detector.manifest import ManifestEntry, classify, write_lines
from detector.package import (
    DetectorPackage,
    Encoder,
    Graph,
    PackageFile,
    Preprocessing,
    describe_file,
)
from detector.plan import BatchPlan, DetectorRef, Lane, Limits, Shard
from detector.preprocess import Pixels
from detector.uri import S3Uri
from detector.verdict import Decision

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INTAKE, RESULTS, MODELS = "intake-bucket", "results-bucket", "models-bucket"
REF = DetectorRef(bucket=MODELS, name="tiny", version="1.0.0")
FEW = Settings(fetchers=8, decoders=2, window=48)


def tiny_graph() -> bytes:
    """Return an ONNX graph with a detector's inputs and outputs: brightness decides."""
    weights = np.linspace(-1, 1, 3 * 512, dtype=np.float32).reshape(3, 512)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "w"], ["embedding"]),
        helper.make_node("ReduceMean", ["mean", "last"], ["grey"], keepdims=0),
        helper.make_node("Sub", ["grey", "half"], ["centred"]),
        helper.make_node("Div", ["centred", "scale"], ["logit"]),
    ]
    constants = {
        "axes": np.array([1, 2], np.int64),
        "last": np.array([1], np.int64),
        "w": weights,
        "half": np.array(127.5, np.float32),
        "scale": np.array(32.0, np.float32),
    }
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 224, 224, 3])],
        [
            helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["N"]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 512]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def tiny_package(folder: Path, graphs: Iterable[Graph] = (Graph.FP32,)) -> DetectorPackage:
    """Write a detector package into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[Graph, PackageFile] = {}
    for graph in graphs:
        path = folder / f"model.{graph.value}.onnx"
        path.write_bytes(tiny_graph())
        files[graph] = describe_file(path)
    card = folder / "MODEL_CARD.md"
    card.write_text("# Tiny\n")
    package = DetectorPackage(
        name=REF.name,
        version=REF.version,
        created_at="2026-01-01T00:00:00+00:00",
        graphs=files,
        model_card=describe_file(card),
        calibration=Calibration(slope=1.5, intercept=0.1),
        decision=Decision(threshold=0.7, unsure_from=0.4),
        encoder=Encoder(name="tiny", source="test"),
    )
    (folder / "detector.json").write_text(package.dumps())
    return package


def publish(s3: "S3Client", folder: Path, ref: DetectorRef = REF) -> None:
    """Put a package where the scorer looks for it."""
    prefix = detector_prefix(ref.bucket, ref.name, ref.version)
    for path in folder.iterdir():
        s3.put_object(Bucket=prefix.bucket, Key=prefix.join(path.name).key, Body=path.read_bytes())


def make_plan(
    s3: "S3Client",
    entries: list[ManifestEntry],
    *,
    batch: str = "batch-1",
    chunk_size: int = 1000,
    shards: int = 1,
    limits: Limits | None = None,
    evidence_images: int = MAX_IMAGES,
) -> BatchPlan:
    """Write the manifest and the plan of a batch."""
    lines = [line.encode() for line in write_lines(entries)]
    layout = BatchLayout(RESULTS, batch, "2026-01-02")
    s3.put_object(Bucket=RESULTS, Key=layout.manifest.key, Body=b"".join(lines))
    cuts = [round(len(entries) * i / shards) for i in range(shards + 1)]
    slices = tuple(
        Shard(
            index=index,
            first=first,
            count=end - first,
            offset=sum(map(len, lines[: first + 1])),
            length=sum(map(len, lines[first + 1 : end + 1])),
        )
        for index, (first, end) in enumerate(pairwise(cuts))
    )
    plan = BatchPlan(
        batch=batch,
        run_date=layout.run_date,
        started_at="2026-01-02T03:04:05+00:00",
        bucket=RESULTS,
        lane=Lane.BATCH,
        entries=len(entries),
        chunk_size=chunk_size,
        shards=slices,
        detector=REF,
        limits=limits or Limits(),
        evidence_images=evidence_images,
    )
    s3.put_object(Bucket=RESULTS, Key=layout.plan.key, Body=plan.dumps().encode())
    return plan


def plan_uri(plan: BatchPlan) -> S3Uri:
    """Return where a plan lies."""
    return BatchLayout(plan.bucket, plan.batch, plan.run_date).plan


def put_entries(s3: "S3Client", files: Mapping[str, bytes]) -> list[ManifestEntry]:
    """Upload files, and return their manifest entries."""
    entries = []
    for key, data in files.items():
        etag = s3.put_object(Bucket=INTAKE, Key=key, Body=data)["ETag"].strip('"')
        kind, reject = classify(key)
        entries.append(
            ManifestEntry(
                bucket=INTAKE, key=key, size=len(data), etag=etag, kind=kind, reject=reject
            )
        )
    return entries


def chunk_keys(s3: "S3Client", plan: BatchPlan) -> list[str]:
    """Return the names of a batch's Parquet objects, sorted."""
    prefix = BatchLayout(plan.bucket, plan.batch, plan.run_date).results
    answer = s3.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key)
    return sorted(item["Key"].rpartition("/")[2] for item in answer.get("Contents", ()))


def read_rows(s3: "S3Client", plan: BatchPlan) -> list[dict[str, Any]]:
    """Return every row of a batch, by entry and in the order of an archive's members."""
    prefix = BatchLayout(plan.bucket, plan.batch, plan.run_date).results
    rows: list[dict[str, Any]] = []
    for name in chunk_keys(s3, plan):
        data = s3.get_object(Bucket=prefix.bucket, Key=prefix.key + name)["Body"].read()
        rows += pq.read_table(io.BytesIO(data)).to_pylist()
    return sorted(rows, key=lambda row: row["entry"])


@dataclass
class FakeEngine:
    """An engine that needs no graph: the logit is the mean of the pixels, centred.

    Its heat map, where ``heat_side`` asks for one, has the logit in its first patch alone.
    """

    provider: str = "FakeExecutionProvider"
    graph: Graph = Graph.FP32
    batch_size: int = 4
    lanes: int = 1
    batches: list[int] = field(default_factory=list)
    heat_side: int | None = None

    def run(self, pixels: Pixels) -> Scores:
        """Score a batch."""
        self.batches.append(len(pixels))
        means = pixels.reshape(len(pixels), -1).mean(axis=1, dtype=np.float64)
        logits = ((means - 127.5) / 32).astype(np.float32)
        heat = None
        if self.heat_side:
            heat = np.zeros((len(pixels), self.heat_side, self.heat_side), np.float32)
            heat[:, 0, 0] = logits
        return Scores(logits, np.zeros((len(pixels), 512), np.float32), heat)


class InlineDecoder:
    """Decodes in the calling thread, without worker processes."""

    def __init__(
        self, spec: Preprocessing, limits: Limits, _settings: Settings, *, thumbnails: bool = False
    ) -> None:
        self._spec, self._limits, self._thumbnails = spec, limits, thumbnails

    def decode(self, data: bytes) -> Decoded:
        """Decode one file."""
        *_, decoded = decode(data, self._spec, self._limits, thumbnail=self._thumbnails)
        return decoded

    def kill(self) -> None:
        """Nothing runs that could be ended."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        pass


def noise_png(seed: int, side: int = 48) -> bytes:
    """Return a small PNG of noise, different for each seed."""
    pixels = random.Random(seed).randbytes(side * side * 3)
    stream = io.BytesIO()
    Image.frombytes("RGB", (side, side), pixels).save(stream, "PNG", compress_level=0)
    return stream.getvalue()
