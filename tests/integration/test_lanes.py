"""The two lanes: one verdict for an image, whichever scored it and with whom."""

from collections import Counter
from pathlib import Path

import pytest

from aidetect.results import Row, read_rows
from aidetect.source import gather
from aidetect.upload import upload
from batch_inference.evidence_reader import batch_evidence
from batch_inference.job import run_shard
from detector.evidence import Evidence
from detector.layout import BatchLayout
from detector.package import Graph
from detector.plan import Lane
from detector.stored_plan import load_plan
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack

# Some four hundred images are scored; 0.3 s each where the processor has no 8-bit instructions.
pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

PREFIX = "held/lanes/"
IMAGES = 120
# On the calibrated probability: of the same graph on the same processor, and of int8 against
# float32, for which see docs/decisions/014-coarse-patches.md. One image may lie on a band's edge.
SAME, OTHER = 1e-4, 0.1
AGREEMENT = (IMAGES - 1) / IMAGES


@pytest.fixture(scope="module")
def images(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("lanes") / "images"
    write_photographs(folder, IMAGES)
    upload(stack.target.s3, stack.target.outputs.IntakeBucket, gather(folder, PREFIX))
    return PREFIX


def by_image(rows: list[Row]) -> dict[str, Row]:
    assert len({r["image"] for r in rows}) == len(rows) == IMAGES
    return {r["image"]: r for r in rows}


def with_float32(stack: Stack, batch: str, cache: Path) -> list[Row]:
    """Score a batch again with the graph that GPUs run, by the job's own code."""
    s3, bucket = stack.target.s3, stack.target.outputs.ResultsBucket
    old = BatchLayout(bucket, batch)
    plan = load_plan(s3, old.plan).model_copy(update={"batch": f"{batch}-float32"})
    new = BatchLayout(bucket, plan.batch, plan.run_date)
    s3.copy_object(
        Bucket=bucket,
        Key=new.manifest.key,
        CopySource={"Bucket": bucket, "Key": old.manifest.key},
    )
    s3.put_object(Bucket=bucket, Key=new.plan.key, Body=plan.dumps())
    for shard in plan.shards:
        run_shard(new.plan, shard.index, s3=s3, graph=Graph.FP32, cache=cache)
    return list(read_rows(s3, new.results))


def evidence_of(stack: Stack, batch: str) -> dict[str, Evidence]:
    s3, bucket = stack.target.s3, stack.target.outputs.ResultsBucket
    plan = load_plan(s3, BatchLayout(bucket, batch).plan)
    chunks = batch_evidence(s3, BatchLayout(bucket, batch, plan.run_date))
    return {image: each for _, chunk in chunks for image, each in chunk.items()}


def agreement(one: dict[str, Row], other: dict[str, Row], tolerance: float) -> float:
    assert one.keys() == other.keys()
    apart = [abs(one[name]["probability"] - other[name]["probability"]) for name in one]
    assert max(apart) <= tolerance
    same = [one[name]["verdict"] == other[name]["verdict"] for name in one]
    return same.count(True) / len(same)


def test_lanes_and_graphs_agree(stack: Stack, images: str, tmp_path: Path) -> None:
    express = by_image(stack.score(images, "lanes-express", Lane.EXPRESS))
    batch = by_image(stack.score(images, "lanes-batch", Lane.BATCH))
    float32 = by_image(with_float32(stack, "lanes-batch", tmp_path))
    assert {r["lane"] for r in express.values()} == {"express"}
    assert {r["lane"] for r in batch.values()} == {"batch"}
    assert Counter(r["graph"] for r in express.values()) == {"int8": IMAGES}
    assert Counter(r["graph"] for r in float32.values()) == {"fp32": IMAGES}
    assert agreement(express, batch, SAME) == 1
    assert agreement(express, float32, OTHER) >= AGREEMENT
    assert stack.summary("lanes-batch").shards == 2


def test_company_does_not_matter(stack: Stack, images: str) -> None:
    together = {r["key"]: r for r in stack.rows("lanes-express")}
    alone = stack.score(images + "00007", "lanes-alone", Lane.EXPRESS)
    assert len(alone) == 1
    assert alone[0]["probability"] == pytest.approx(
        together[alone[0]["key"]]["probability"], abs=1e-4
    )


def test_either_lane_keeps_the_same_evidence(stack: Stack, images: str) -> None:
    express, batch = evidence_of(stack, "lanes-express"), evidence_of(stack, "lanes-batch")
    # So few are all kept.
    assert express.keys() == batch.keys() == by_image(stack.rows("lanes-express")).keys()
    assert all(images in image for image in express)
    for image, seen in express.items():
        other = batch[image]
        assert seen.thumbnail == other.thumbnail is not None
        assert seen.crop == other.crop is not None
        assert seen.heat is not None
        assert other.heat is not None
