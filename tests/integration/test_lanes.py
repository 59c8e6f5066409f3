"""The two lanes: one verdict for an image, whichever scored it and with whom."""

from collections import Counter

import pytest

from aidetect.results import Row
from aidetect.source import gather
from aidetect.upload import upload
from detector.plan import Lane
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

PREFIX = "held/lanes/"
IMAGES = 200
# int8 weights and activations against float32, on the calibrated probability. Both graphs and the
# tolerance are explained in docs/decisions/001-int8-graph.md.
TOLERANCE = 0.01
AGREEMENT = 0.995


@pytest.fixture(scope="module")
def images(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("lanes") / "images"
    write_photographs(folder, IMAGES)
    upload(stack.target.s3, stack.target.outputs.IntakeBucket, gather(folder, PREFIX))
    return PREFIX


def by_image(rows: list[Row]) -> dict[str, Row]:
    assert len({r["image"] for r in rows}) == len(rows) == IMAGES
    return {r["image"]: r for r in rows}


def test_lanes_agree(stack: Stack, images: str) -> None:
    express = by_image(stack.score(images, "lanes-express", Lane.EXPRESS))
    batch = by_image(stack.score(images, "lanes-batch", Lane.BATCH))
    assert Counter(r["graph"] for r in express.values()) == {"int8": IMAGES}
    assert Counter(r["graph"] for r in batch.values()) == {"fp32": IMAGES}
    assert {r["lane"] for r in batch.values()} == {"batch"}
    same = sum(express[name]["verdict"] == batch[name]["verdict"] for name in batch)
    assert same / IMAGES >= AGREEMENT
    assert max(abs(express[n]["probability"] - batch[n]["probability"]) for n in batch) <= TOLERANCE
    assert len(stack.summary("lanes-batch").results) > 0
    assert stack.summary("lanes-batch").shards == 4


def test_company_does_not_matter(stack: Stack, images: str) -> None:
    together = {r["key"]: r for r in stack.rows("lanes-express")}
    alone = stack.score(images + "00007", "lanes-alone", Lane.EXPRESS)
    assert len(alone) == 1
    assert alone[0]["probability"] == pytest.approx(
        together[alone[0]["key"]]["probability"], abs=1e-4
    )
