"""A training run whose detector deserves promotion, written where the stages write it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from detector.contract import Contract
from detector.evaluation import Estimate, Label, Report, VariantResult
from detector.layout import RunLayout, detector_prefix
from detector.package import DESCRIPTION_FILE, DetectorPackage, Graph, PackageFile
from detector.plan import DetectorRef
from detector.training_request import TrainingRequest
from detector.training_run import Comparison, Exported, SourceComparison, TrainingRun
from detector.uri import S3Uri
from detector.verdict import Decision
from tests.unit.detector.documents import DOCUMENTS
from tests.unit.functions.conftest import MODELS, TRAINING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUN = "train-20261125-041023-ab12cd"
LAYOUT = RunLayout(TRAINING, RUN)
# As it is evaluated, and as it is released: with digits of the package's content.
TRAINED = "clip-lora@2026.11.25"
CHALLENGER = DetectorRef(bucket=MODELS, name="clip-lora", version="2026.11.25-10cb57c9")
CHAMPION = DetectorRef(bucket=MODELS, name="probe", version="1.0.0")
PREFIX = detector_prefix(MODELS, CHALLENGER.name, CHALLENGER.version)
FILES = {
    "model.onnx": b"fp32 graph",
    "model.fp16.onnx": b"fp16 graph",
    "model.int8.onnx": b"int8 graph" * 999,
    "MODEL_CARD.md": b"# card",
}


def described(name: str) -> PackageFile:
    body = FILES[name]
    return PackageFile(file=name, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body))


def package() -> DetectorPackage:
    base = DOCUMENTS["detector"]
    assert isinstance(base, DetectorPackage)
    return base.model_copy(
        update={
            "name": CHALLENGER.name,
            "version": CHALLENGER.version,
            "graphs": {
                Graph.FP32: described("model.onnx"),
                Graph.FP16: described("model.fp16.onnx"),
                Graph.INT8: described("model.int8.onnx"),
            },
            "model_card": described("MODEL_CARD.md"),
        }
    )


def described_run(champion: DetectorRef | None = CHAMPION, **asked: object) -> TrainingRun:
    request = {"dataset": f"s3://{TRAINING}/datasets/d/", "recipe": "lora", **asked}
    return TrainingRun(
        run=RUN,
        created_at="2026-11-25T04:10:23.000+00:00",
        training_bucket=TRAINING,
        models_bucket=MODELS,
        request=TrainingRequest.model_validate(request),
        champion=champion,
        name=CHALLENGER.name,
        version="2026.11.25",
    )


def variant(name: str, real: float) -> VariantResult:
    some = Estimate(value=0.8, low=0.7, high=0.9)
    return VariantResult(
        variant=name,
        real_right=Estimate(value=real, low=real, high=real),
        ai_right=some,
        balanced=some,
        auc=some,
        unsure=0.1,
        ai_called_real=0.1,
        sources=(),
    )


def evaluation(
    detector: str = TRAINED, *, real: Mapping[str, float] = MappingProxyType({})
) -> Report:
    shares = {"clean": 0.96, "web": 0.95, "hard": 0.94, **real}
    return Report(
        method="held out",
        detector=detector,
        data="d",
        images=9,
        decision=Decision(threshold=0.7, unsure_from=0.4),
        variants=tuple(variant(name, share) for name, share in shares.items()),
    )


def row(
    label: Label, challenger: float, champion: float, *, images: int = 50, name: str = "clean"
) -> SourceComparison:
    return SourceComparison(
        source=f"{label.value}-{challenger}",
        label=label.value,
        variant=name,
        images=images,
        challenger_right=challenger,
        champion_right=champion,
        basis="measured",
    )


def comparison(
    *rows: SourceComparison, challenger: str = TRAINED, champion: str = str(CHAMPION)
) -> Comparison:
    usual = (row(Label.REAL, 0.95, 0.95), row(Label.AI, 0.7, 0.5))
    return Comparison(challenger=challenger, champion=champion, rows=rows or usual)


@dataclass
class Scene:
    """The buckets, and what a test changes in them."""

    s3: "S3Client"

    def put(self, where: S3Uri, document: Contract | bytes) -> None:
        body = document if isinstance(document, bytes) else document.dumps().encode()
        self.s3.put_object(Bucket=where.bucket, Key=where.key, Body=body)

    def remove(self, where: S3Uri) -> None:
        self.s3.delete_object(Bucket=where.bucket, Key=where.key)

    def put_run(self) -> None:
        """Write a whole run, up to the gate."""
        self.put(LAYOUT.description, described_run())
        self.put(LAYOUT.exported, Exported(detector=CHALLENGER, parity={"fp16": 0.001}))
        self.put(LAYOUT.evaluation, evaluation())
        self.put(LAYOUT.comparison, comparison())
        for name, body in FILES.items():
            self.put(PREFIX.join(name), body)
        self.put(PREFIX.join(DESCRIPTION_FILE), package())
