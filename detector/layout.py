"""Where things lie in the results and models buckets. The one place that builds these keys."""

from dataclasses import dataclass

from detector.uri import S3Uri

INTAKE_PREFIX = "intake/"
RESULTS_PREFIX = "results/"
BATCHES_PREFIX = "batches/"
MODELS_PREFIX = "models/"


@dataclass(frozen=True)
class BatchLayout:
    """The objects of one batch.

    Control objects lie apart from the Parquet, since Athena reads every object under a partition.
    """

    bucket: str
    batch: str
    run_date: str = ""

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
        return S3Uri(self.bucket, f"{RESULTS_PREFIX}run_date={self.run_date}/batch={self.batch}/")

    def chunk(self, name: str) -> S3Uri:
        """The Parquet object of one chunk. ``name`` comes from :class:`detector.plan` numbering."""
        return self.results.join(f"part-{name}.parquet")


def detector_prefix(bucket: str, name: str, version: str) -> S3Uri:
    """Where a released detector package lies; immutable once written."""
    return S3Uri(bucket, f"{MODELS_PREFIX}{name}/{version}/")
