"""How alike two ways to the same logits are."""

from pathlib import Path

import pytest

from benchmarks.agreement import agreement
from detector.package import DetectorPackage
from tests.unit.batch_inference.support import tiny_package


@pytest.fixture
def package(tmp_path: Path) -> DetectorPackage:
    return tiny_package(tmp_path)


def test_verdicts_and_distances(package: DetectorPackage) -> None:
    # Threshold 0.7, unsure from 0.4, by a slope of 1.5 and an intercept of 0.1.
    found = agreement(package, [-3.0, 0.0, 0.3, 3.0], [-3.2, 0.0, 0.6, 3.0])
    assert found["verdict_agreement"] == 0.75
    assert found["logit_difference"] == {"mean": 0.125, "largest": 0.3, "to_one_side": 0.025}
    gap = package.calibration.probability(0.6) - package.calibration.probability(0.3)
    assert found["largest_probability_difference"] == pytest.approx(gap)


def test_the_same_logits_agree(package: DetectorPackage) -> None:
    found = agreement(package, [-1.0, 1.0], [-1.0, 1.0])
    assert found["verdict_agreement"] == 1.0
    assert found["largest_probability_difference"] == 0.0
