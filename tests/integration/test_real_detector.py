"""The embedded detector itself on photographs: both graphs, any batch alike, any processor."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_images

from detector.package import Graph, check_file, load_package
from detector.preprocess import preprocess
from tests.unit.training.processor import SATURATING, expect_sums
from training import embedded
from training.features import open_session

pytestmark = pytest.mark.integration

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "camera")


@pytest.fixture(scope="module")
def package() -> Path:
    return embedded.build()


@pytest.fixture(scope="module")
def pixels(package: Path) -> npt.NDArray[np.uint8]:
    arrays = [getattr(data, name)() for name in PHOTOGRAPHS] + load_sample_images()["images"]
    spec = load_package(package).preprocessing
    return np.stack([preprocess(Image.fromarray(array), spec) for array in arrays])


def logits(package: Path, graph: Graph, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    path = check_file(package, load_package(package).graph(graph))
    (found,) = open_session(path, 2).run(["logit"], {"pixels": pixels})
    return np.asarray(found)


def test_both_graphs_say_the_same(package: Path, pixels: npt.NDArray[np.uint8]) -> None:
    described = load_package(package)
    exact, quick = (logits(package, graph, pixels) for graph in (Graph.FP32, Graph.INT8))
    # 0.22 is the most seen (docs/decisions/014-coarse-patches.md).
    np.testing.assert_allclose(quick, exact, atol=0.3)
    verdicts = [
        [described.decision.verdict(described.calibration.probability(x)) for x in row.tolist()]
        for row in (exact, quick)
    ]
    assert verdicts[0] == verdicts[1]


def test_two_digits_are_all_but_exact(
    package: Path, pixels: npt.NDArray[np.uint8], tmp_path: Path
) -> None:
    """The 8-bit graph as it runs where 8-bit products saturate."""
    model = onnx.load(check_file(package, load_package(package).graph(Graph.INT8)))
    expect_sums(model, SATURATING)
    onnx.save(model, tmp_path / "saturating.onnx")
    (found,) = open_session(tmp_path / "saturating.onnx", 2).run(["logit"], {"pixels": pixels})
    np.testing.assert_allclose(found, logits(package, Graph.FP32, pixels), atol=0.02)


def test_a_photograph_is_alone_in_its_batch(package: Path, pixels: npt.NDArray[np.uint8]) -> None:
    together = logits(package, Graph.INT8, pixels)
    alone = [logits(package, Graph.INT8, pixels[i : i + 1])[0] for i in (0, 3)]
    np.testing.assert_array_equal(together[[0, 3]], alone)
