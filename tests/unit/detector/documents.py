"""One full example of each contract, as this version writes it."""

from detector.calibration import Calibration
from detector.contract import Contract
from detector.manifest import ManifestHeader
from detector.package import DetectorPackage, Encoder, Graph, PackageFile
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.reason import Reason
from detector.summary import BatchSummary, Counts, ScoringCompleted, ShardRecord, Status
from detector.verdict import Decision, Verdict

COUNTS = Counts(rows=3, verdicts={Verdict.AI: 2, Verdict.ERROR: 1}, reasons={Reason.BOMB: 1})
SHA = "ab" * 32

DOCUMENTS: dict[str, Contract] = {
    "manifest-header": ManifestHeader(origin="intake"),
    "plan": BatchPlan(
        batch="b1",
        run_date="2026-11-23",
        started_at="2026-11-23T10:00:00Z",
        bucket="results",
        lane=Lane.BATCH,
        entries=3,
        chunk_size=2,
        shards=(Shard(index=0, first=0, count=3, offset=54, length=120),),
        detector=DetectorRef(bucket="models", name="clip-probe", version="1.0.0"),
    ),
    "shard": ShardRecord(
        batch="b1", shard=0, counts=COUNTS, chunks=2, bytes_read=10, gets=3, seconds=1.5
    ),
    "summary": BatchSummary(
        batch="b1",
        status=Status.COMPLETE,
        lane="batch",
        counts=COUNTS,
        detector="clip-probe@1.0.0",
        run_date="2026-11-23",
        started_at="2026-11-23T10:00:00Z",
        finished_at="2026-11-23T10:01:00Z",
        seconds=60.0,
        shards=1,
        manifest="s3://results/batches/b1/manifest.jsonl",
        results="s3://results/results/run_date=2026-11-23/batch=b1/",
    ),
    "scoring-completed": ScoringCompleted(
        batch="b1",
        status=Status.INCOMPLETE,
        counts=COUNTS,
        detector="clip-probe@1.0.0",
        summary="s3://results/batches/b1/summary.json",
        results="s3://results/results/run_date=2026-11-23/batch=b1/",
    ),
    "detector": DetectorPackage(
        name="clip-probe",
        version="1.0.0",
        created_at="2026-11-23T00:00:00Z",
        graphs={Graph.FP32: PackageFile(file="model.onnx", sha256=SHA, bytes=7)},
        model_card=PackageFile(file="MODEL_CARD.md", sha256=SHA, bytes=5),
        calibration=Calibration(slope=1.5, intercept=-0.25),
        decision=Decision(threshold=0.7, unsure_from=0.4),
        encoder=Encoder(name="clip-vit-base-patch16", source="wheel", layers=(8, 12)),
        opset=17,
    ),
}
