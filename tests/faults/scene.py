"""A stack, a detector of its own, and pictures to drop on it."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aidetect.source import Drop, Upload, new_prefix
from aidetect.upload import upload
from detector.champion import read_champion
from detector.layout import detector_prefix
from detector.package import Graph
from detector.plan import DetectorRef
from detector.promotion import PromotionLog
from tests.faults.asked import Asked
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack
from tests.unit.batch_inference.support import REF, tiny_package

POOL = 40
# Seconds until a message that was taken and not deleted comes back; 660 on AWS, too long to wait.
VISIBILITY = 5
# Longer than the emulator waits for a first message: local/emulator/aidetect_emulator/sqs_poller.py
LONG_POLL = 2.5


@dataclass
class Dropped:
    """What was dropped: its prefix, its keys, and since when to look for its batches."""

    prefix: str
    keys: frozenset[str]
    since: datetime


@dataclass
class Scene:
    """What a trial needs. ``images`` are files of photographs, few and different."""

    stack: Stack
    asked: Asked
    images: list[Path]
    rng: random.Random
    # Of the tiny detector, by version; so that a fault in one version is in no cache.
    folder: Path

    @property
    def log(self) -> PromotionLog:
        """The log of promotions."""
        target, outputs = self.stack.target, self.stack.target.outputs
        return PromotionLog(target.s3, target.ssm, outputs.ModelsBucket, outputs.ChampionParameter)

    def hasten(self) -> None:
        """Have messages that were taken and not deleted come back soon."""
        target = self.stack.target
        target.sqs.set_queue_attributes(
            QueueUrl=target.outputs.ArrivalsQueueUrl,
            Attributes={"VisibilityTimeout": str(VISIBILITY)},
        )
        # A receive that waits already hides what it gets for as long as was said when it began.
        time.sleep(LONG_POLL)

    def promote_new(self) -> DetectorRef:
        """Publish a new version of the tiny detector, and make it champion.

        It is small, so that trials are about everything around it.
        """
        bucket = self.stack.target.outputs.ModelsBucket
        version = f"1.0.{self.rng.getrandbits(40)}"
        ref = DetectorRef(bucket=bucket, name=REF.name, version=version)
        package = tiny_package(self.folder, (Graph.FP32, Graph.INT8))
        (self.folder / "detector.json").write_text(
            package.model_copy(update={"version": version}).dumps()
        )
        prefix = detector_prefix(bucket, ref.name, ref.version)
        for path in self.folder.iterdir():
            key = prefix.join(path.name).key
            self.stack.target.s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        self.log.promote(ref, by="the tests", reason="faults")
        return ref

    def drop(self, count: int) -> Dropped:
        """Upload photographs under a prefix of their own."""
        began = datetime.now(UTC) - timedelta(seconds=1)
        prefix = new_prefix(began)
        uploads = tuple(
            Upload(path, f"{prefix}{n:06d}{path.suffix}", path.stat().st_size)
            for n, path in enumerate(self.rng.choices(self.images, k=count))
        )
        made = Dropped(prefix, frozenset(u.key for u in uploads), began)
        bucket = self.stack.target.outputs.IntakeBucket
        upload(self.stack.target.s3, bucket, Drop(prefix, uploads))
        return made

    def tell_again(self, dropped: Dropped) -> None:
        """Put the same bytes at the same keys, in any order."""
        s3, bucket = self.stack.target.s3, self.stack.target.outputs.IntakeBucket
        for key in self.rng.sample(sorted(dropped.keys), len(dropped.keys)):
            with s3.get_object(Bucket=bucket, Key=key)["Body"] as body:
                s3.put_object(Bucket=bucket, Key=key, Body=body.read())


@contextmanager
def scene(
    stack: Stack,
    home: Path,
    folder: Path,
    seed: int,
    side: int | None = None,
    *,
    hastened: bool = True,
) -> Iterator[Scene]:
    """Make a scene on a stack, and leave the stack as it was.

    ``side`` makes its photographs squares of so many pixels; ``hastened`` brings messages back
    soon, so drops have to be gathered within that time.
    """
    made = Scene(
        stack,
        Asked(home),
        write_photographs(folder / "images", POOL, seed=seed, side=side),
        random.Random(seed),
        folder / "detector",
    )
    target, queue = stack.target, stack.target.outputs.ArrivalsQueueUrl
    before = target.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])[
        "Attributes"
    ]
    champion = read_champion(
        ssm=target.ssm,
        parameter=target.outputs.ChampionParameter,
        bucket=target.outputs.ModelsBucket,
    )
    if hastened:
        made.hasten()
    made.promote_new()
    try:
        yield made
    finally:
        made.asked.lift()
        stack.target.sqs.set_queue_attributes(QueueUrl=queue, Attributes={**before})
        if champion is not None:
            made.log.promote(champion, by="the tests", reason="done with faults")
