"""Making the plan of a batch: the doing around what the other modules decide."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from detector.layout import BatchLayout
from detector.once import put_once
from detector.plan import BatchPlan, DetectorRef, Shard
from detector.uri import S3Uri
from functions.plan.champion import check_published, pin_champion
from functions.plan.draft import draft
from functions.plan.listing import list_prefix, spool
from functions.plan.request import PlanRequest, RequestError, backfill_batch, read_prefix
from functions.plan.settings import PlanSettings
from functions.plan.shards import cut
from functions.plan.store import find_plan, save_plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

BLOCK = 1 << 20


class NothingToScoreError(RuntimeError):
    """A batch has no images."""


@dataclass(frozen=True)
class Planner:
    """What making a plan needs: settings, clients, the time."""

    settings: PlanSettings
    s3: "S3Client"
    ssm: "SSMClient"
    now: datetime
    seconds_left: Callable[[], float]

    def plan(self, request: PlanRequest, execution: str) -> BatchPlan:
        """Return the plan of what an execution was started with.

        A batch that was planned before keeps its plan, and so its detector and its date.

        Raises
        ------
        NothingToScoreError, RequestError, functions.plan.champion.ChampionError,
        functions.plan.listing.ListingError, detector.contract.ContractError
            If there is no plan to be made; each says what to do.
        """
        batch = request.batch or backfill_batch(execution)
        layout = BatchLayout(self.settings.results_bucket, batch)
        if found := find_plan(layout.plan, s3=self.s3):
            return found
        # Before a long listing, so that a missing champion is told at once.
        detector = self._detector(request)
        if request.prefix is not None:
            shards, images = self._list(read_prefix(request.prefix), layout)
        else:
            shards, images = self._read(request, layout)
        plan = draft(
            batch,
            shards,
            images,
            forced=request.lane,
            detector=detector,
            settings=self.settings,
            now=self.now,
            purpose=request.purpose,
            shadow_of=request.shadow_of or "",
        )
        return save_plan(plan, layout.plan, s3=self.s3)

    def _detector(self, request: PlanRequest) -> DetectorRef:
        bucket = self.settings.models_bucket
        if request.detector is not None:
            named = DetectorRef.parse(request.detector, bucket=bucket)
            return check_published(named, what="detector", s3=self.s3)
        parameter = self.settings.champion_parameter
        return pin_champion(parameter=parameter, bucket=bucket, ssm=self.ssm, s3=self.s3)

    def _list(self, prefix: S3Uri, layout: BatchLayout) -> tuple[list[Shard], int]:
        """List a prefix into the batch's manifest, by way of the disk; cut it.

        The manifest is written once, like the plan. Another invocation for the same batch may have
        been first and found other objects; shards cut from this listing would not fit its manifest.
        """
        with tempfile.TemporaryFile() as file:
            found = list_prefix(prefix, s3=self.s3, seconds_left=self.seconds_left)
            if not spool(found, file):
                raise NothingToScoreError(f"nothing to score under {prefix}: no object lies there")
            if put_once(self.s3, layout.manifest, file, content_type="application/x-ndjson"):
                file.seek(0)
                return self._cut(file, layout)
        return self._cut_stored(layout)

    def _read(self, request: PlanRequest, layout: BatchLayout) -> tuple[list[Shard], int]:
        """Cut the manifest that intake wrote."""
        if request.manifest != str(layout.manifest):
            raise RequestError(
                f"the manifest of batch {layout.batch} must lie at {layout.manifest}, "
                f"not at {request.manifest}"
            )
        return self._cut_stored(layout)

    def _cut_stored(self, layout: BatchLayout) -> tuple[list[Shard], int]:
        """Cut a manifest that is there, line by line as it arrives."""
        try:
            body = self.s3.get_object(Bucket=layout.bucket, Key=layout.manifest.key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            raise NothingToScoreError(f"there is no manifest at {layout.manifest}") from error
        shards, images = self._cut(body.iter_lines(BLOCK, keepends=True), layout)
        if not shards:
            raise NothingToScoreError(f"nothing to score: {layout.manifest} names no image")
        return shards, images

    def _cut(self, lines: Iterable[bytes], layout: BatchLayout) -> tuple[list[Shard], int]:
        return cut(lines, per_shard=self.settings.images_per_shard, where=str(layout.manifest))
