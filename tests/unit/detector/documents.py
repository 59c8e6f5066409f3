"""One full example of each contract, as this version writes it."""

from detector.calibration import Calibration
from detector.contract import Contract
from detector.costs.bill import Item
from detector.costs.ledger import CostLedger
from detector.drift_reference import DriftReference, Limit
from detector.evaluation import Estimate, Label, Report, SourceResult, VariantResult
from detector.feedback import Correction
from detector.golden_set import GoldenAccuracy
from detector.manifest import ManifestHeader
from detector.package import DetectorPackage, Encoder, Graph, PackageFile
from detector.plan import BatchPlan, DetectorRef, Lane, Shard
from detector.promotion import Action, Promotion
from detector.reason import Reason
from detector.shadow import ShadowFinding, ShadowRequest
from detector.summary import BatchSummary, Counts, ScoringCompleted, ShardRecord, Status
from detector.training_request import Recipe, Settings, TrainingRequest
from detector.training_run import (
    Comparison,
    Exported,
    GateDecision,
    Outcome,
    SourceComparison,
    Stage,
    StageFailure,
    StageRecord,
    TrainingCompleted,
    TrainingRun,
)
from detector.verdict import Decision, Verdict

COUNTS = Counts(rows=3, verdicts={Verdict.AI: 2, Verdict.ERROR: 1}, reasons={Reason.BOMB: 1})
SHA = "ab" * 32
OLD = DetectorRef(bucket="models", name="clip-probe", version="1.0.0")
NEW = DetectorRef(bucket="models", name="clip-lora", version="2026.11.25-0a1b2c3d")
SHARE = Estimate(value=0.9, low=0.8, high=0.95)

DOCUMENTS: dict[str, Contract] = {
    "correction": Correction(
        batch="b1",
        image="s3://intake/intake/set.zip#a/photo.jpg",
        label=Label.REAL,
        verdict=Verdict.AI,
        probability=0.91,
        detector="clip-probe@1.0.0",
        marked_at="2026-11-26T12:00:00.000Z",
        reviewer="ann",
        sha256=SHA,
    ),
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
    "drift": DriftReference(
        data="photos",
        sources=2,
        real=(3, 1),
        ai=(1, 3),
        mean=(0.1, -0.2),
        within=(1.0, 1.1),
        between=(0.2, 0.3),
        false_alarm=0.001,
        limits=(Limit(images=30, psi=0.9, shift=1.2),),
    ),
    "golden": GoldenAccuracy(
        batch="golden-20261126",
        detector="probe@1",
        at="2026-11-26T05:01:00+00:00",
        real=40,
        ai=60,
        errors=1,
        real_right=0.95,
        ai_right=0.55,
        balanced=0.75,
        auc=0.86,
    ),
    "shadow-request": ShadowRequest(detector="challenger@2", share=0.05),
    "shadow-finding": ShadowFinding(
        batch="b1",
        shadow="shadow-0f",
        champion="probe@1",
        challenger="challenger@2",
        at="2026-11-26T05:01:00+00:00",
        images=100,
        agree=93,
        only_champion_ai=4,
        only_challenger_ai=3,
        difference=0.04,
    ),
    "costs": CostLedger(
        batch="b1",
        run_date="2026-11-23",
        lane="batch",
        finished_at="2026-11-23T10:01:00Z",
        images=3,
        requests=19,
        gpu_seconds=1.5,
        instance="g6.xlarge",
        instance_hour_dollars=0.3,
        dollars=0.0005,
        items=(
            Item(
                name="S3 reads",
                quantity=3,
                unit="request",
                unit_dollars=0.4e-6,
                dollars=1.2e-6,
                source="https://aws.amazon.com/s3/pricing/",
                estimate=True,
            ),
        ),
        unknown=("1 shards left no record",),
        prices_as_of="2026-11",
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
    "evaluation": Report(
        method="unseen",
        detector=str(NEW),
        data="photos",
        images=10,
        decision=Decision(threshold=0.7, unsure_from=0.4),
        variants=(
            VariantResult(
                variant="clean",
                real_right=SHARE,
                ai_right=SHARE,
                balanced=SHARE,
                auc=SHARE,
                unsure=0.1,
                ai_called_real=0.05,
                sources=(
                    SourceResult(
                        source="phone",
                        label=Label.REAL,
                        images=10,
                        called_ai=0.1,
                        called_unsure=0.1,
                        called_real=0.8,
                        right=SHARE,
                    ),
                ),
            ),
        ),
        command="training run train-1, recipe lora",
        built_with={"numpy": "2.4.6"},
    ),
    "training-run": TrainingRun(
        run="train-1",
        created_at="2026-11-25T04:10:23+00:00",
        training_bucket="training",
        models_bucket="models",
        request=TrainingRequest(
            dataset="s3://training/datasets/photos/0123456789abcdef/",
            recipe=Recipe.LORA,
            settings=Settings(epochs=2.0),
        ),
        champion=OLD,
        name="clip-lora",
        version="2026.11.25",
    ),
    "stage": StageRecord(
        run="train-1",
        stage=Stage.TRAIN,
        finished_at="2026-11-25T05:10:23+00:00",
        seconds=3600.0,
        attempt=2,
        said={"model": "s3://training/runs/train-1/model"},
    ),
    "stage-failure": StageFailure(
        run="train-1",
        stage=Stage.PREPARE,
        failed_at="2026-11-25T04:11:23+00:00",
        error="StageError",
        message="all images are of one class",
    ),
    "exported": Exported(detector=NEW, parity={"fp16.agreement": 1.0}),
    "comparison": Comparison(
        challenger=str(NEW),
        champion=str(OLD),
        rows=(
            SourceComparison(
                source="phone",
                label="real",
                variant="clean",
                images=10,
                challenger_right=0.9,
                champion_right=0.8,
                basis="recorded",
            ),
        ),
        left_out=("scans",),
    ),
    "gate": GateDecision(
        run="train-1",
        challenger=NEW,
        champion=OLD,
        passed=False,
        reasons=("real-photo accuracy is lower",),
        numbers={"real": 0.8},
        decided_at="2026-11-25T05:20:23+00:00",
    ),
    "training-completed": TrainingCompleted(
        run="train-1",
        outcome=Outcome.REFUSED,
        challenger=str(NEW),
        champion=str(OLD),
        reasons=("real-photo accuracy is lower",),
        report="s3://training/runs/train-1/report.html",
    ),
    "promotion": Promotion(
        number=2,
        action=Action.PROMOTE,
        detector=NEW,
        previous=OLD,
        by="arn:aws:iam::123456789012:user/ada",
        reason="passed its gate",
        run="train-1",
        at="2026-11-25T05:21:23+00:00",
    ),
}
