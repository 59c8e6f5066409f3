"""Where things lie in the stack's buckets. The one place that builds these keys."""

from dataclasses import dataclass

from detector.purpose import Purpose
from detector.uri import S3Uri

INTAKE_PREFIX = "intake/"
RESULTS_PREFIX = Purpose.LIVE.rows_prefix
GOLDEN_PREFIX = Purpose.GOLDEN.rows_prefix
SHADOW_PREFIX = Purpose.SHADOW.rows_prefix
BATCHES_PREFIX = "batches/"
EVIDENCE_PREFIX = "evidence/"
FEEDBACK_PREFIX = "feedback/"
COSTS_PREFIX = "costs/"
MODELS_PREFIX = "models/"
DATASETS_PREFIX = "datasets/"
RUNS_PREFIX = "runs/"
FEATURES_PREFIX = "features/"


@dataclass(frozen=True)
class BatchLayout:
    """The objects of one batch.

    Control objects lie apart from the Parquet, since Athena reads every object under a partition.
    """

    bucket: str
    batch: str
    run_date: str = ""
    purpose: Purpose = Purpose.LIVE

    def _control(self, name: str) -> S3Uri:
        return S3Uri(self.bucket, f"{BATCHES_PREFIX}{self.batch}/{name}")

    @property
    def manifest(self) -> S3Uri:
        """The manifest, JSONL."""
        return self._control("manifest.jsonl")

    @property
    def plan(self) -> S3Uri:
        """The plan: lane, shards and pinned detector."""
        return self._control("plan.json")

    @property
    def summary(self) -> S3Uri:
        """The summary, written last."""
        return self._control("summary.json")

    @property
    def shards(self) -> S3Uri:
        """The prefix of the shard records."""
        return self._control("shards/")

    def shard(self, index: int) -> S3Uri:
        """The record a shard writes when all its chunks are committed."""
        return self._control(f"shards/{index:05d}.json")

    @property
    def results(self) -> S3Uri:
        """The prefix of the batch's Parquet objects: one Hive-style partition."""
        prefix = self.purpose.rows_prefix
        return S3Uri(self.bucket, f"{prefix}run_date={self.run_date}/batch={self.batch}/")

    def chunk(self, name: str) -> S3Uri:
        """The Parquet object of one chunk. ``name`` comes from :class:`detector.plan` numbering."""
        return self.results.join(f"part-{name}.parquet")

    def evidence(self, name: str) -> S3Uri:
        """The thumbnails and heat maps of one chunk: :mod:`detector.evidence`."""
        return self.evidences.join(f"part-{name}.parquet")

    @property
    def evidences(self) -> S3Uri:
        """The prefix of the batch's evidence objects."""
        return S3Uri(self.bucket, f"{EVIDENCE_PREFIX}run_date={self.run_date}/batch={self.batch}/")

    @property
    def golden(self) -> S3Uri:
        """How the champion did, of a golden batch: :mod:`detector.golden_set`."""
        return self._control("golden.json")

    @property
    def report(self) -> S3Uri:
        """The report, a page for people."""
        return self._control("report.html")

    @property
    def costs(self) -> S3Uri:
        """What the batch cost: :class:`detector.costs.ledger.CostLedger`."""
        return S3Uri(self.bucket, f"{COSTS_PREFIX}run_date={self.run_date}/batch={self.batch}.json")

    @property
    def feedback(self) -> S3Uri:
        """The prefix of what reviewers said of the batch: :mod:`detector.feedback`."""
        return S3Uri(self.bucket, f"{FEEDBACK_PREFIX}run_date={self.run_date}/batch={self.batch}/")


def detector_prefix(bucket: str, name: str, version: str) -> S3Uri:
    """Where a released detector package lies; immutable once written."""
    return S3Uri(bucket, f"{MODELS_PREFIX}{name}/{version}/")


def dataset_prefix(bucket: str, name: str, digest: str) -> S3Uri:
    """Where a packed dataset lies; immutable once written."""
    return S3Uri(bucket, f"{DATASETS_PREFIX}{name}/{digest[:16]}/")


@dataclass(frozen=True)
class RunLayout:
    """The objects of one training run."""

    bucket: str
    run: str

    @property
    def root(self) -> S3Uri:
        """The prefix of the run."""
        return S3Uri(self.bucket, f"{RUNS_PREFIX}{self.run}/")

    def _named(self, name: str) -> S3Uri:
        return S3Uri(self.bucket, f"{RUNS_PREFIX}{self.run}/{name}")

    @property
    def description(self) -> S3Uri:
        """What was asked, pinned: :class:`detector.training_run.TrainingRun`."""
        return self._named("run.json")

    @property
    def prepared(self) -> S3Uri:
        """The prefix of what the prepare stage made: catalog, audit."""
        return self._named("prepared/")

    @property
    def checkpoints(self) -> S3Uri:
        """The prefix of the checkpoints; SageMaker keeps it in step with its folder."""
        return self._named("checkpoints/")

    @property
    def model(self) -> S3Uri:
        """The prefix of what was learnt: head, adaptation, history."""
        return self._named("model/")

    @property
    def sagemaker(self) -> S3Uri:
        """The prefix under which SageMaker puts ``<job>/output/model.tar.gz``."""
        return self._named("sagemaker/")

    @property
    def evaluation(self) -> S3Uri:
        """The challenger's evaluation: :class:`detector.evaluation.Report`."""
        return self._named("evaluation.json")

    @property
    def comparison(self) -> S3Uri:
        """Challenger against champion: :class:`detector.training_run.Comparison`."""
        return self._named("comparison.json")

    @property
    def exported(self) -> S3Uri:
        """The released challenger: :class:`detector.training_run.Exported`."""
        return self._named("exported.json")

    @property
    def gate(self) -> S3Uri:
        """The gate's decision: :class:`detector.training_run.GateDecision`."""
        return self._named("gate.json")

    @property
    def report(self) -> S3Uri:
        """The training report, a page."""
        return self._named("report.html")

    def stage(self, stage: str) -> S3Uri:
        """The record a stage writes when it is done."""
        return self._named(f"stages/{stage}.json")

    def failure(self, stage: str) -> S3Uri:
        """Why a stage failed."""
        return self._named(f"stages/{stage}-failed.json")
