"""What a head reads and learns from: a choice has no say over the source that judges it."""

import numpy as np

from benchmarks.heads.choice import FAMILIES, choose_without
from benchmarks.heads.table import render
from benchmarks.heads.trial import EDITS, at_threshold, pooled_auc
from tests.unit.benchmarks.test_levers import SOURCES, images
from training.calibrate import Floats
from training.degrade import JUDGED

IMAGES = images()
TARGET = np.array([image.target for image in IMAGES])
SOURCE = np.array([image.source for image in IMAGES])
RNG = np.random.default_rng(11)
COPIES = len(JUDGED)


def logits(apart: float = 3.0) -> Floats:
    """Return logits [V, N] that tell the classes apart."""
    return RNG.normal(size=(COPIES, len(IMAGES))) + apart * (TARGET - 0.5)


def test_a_family_of_eight_layers_has_as_many_sets_as_is_said() -> None:
    counts = [len(set(sets(range(5, 13)))) for sets in FAMILIES.values()]
    assert counts == [29, 92, 255]


def test_the_source_that_judges_has_no_say() -> None:
    own = SOURCE == "four"
    # The first layer knows this source alone; the second all others, and this one upside down.
    first, second = logits(0.0), logits(3.0)
    first[:, own], second[:, own] = 9 * (TARGET[own] - 0.5), -second[:, own]
    cells = {(0.003, 1): first, (0.003, 2): second}
    choice = choose_without(cells, [(1,), (2,)], IMAGES)
    # With its say the first looks better, and it is what the others are judged by.
    assert choice.chosen == {((1,), 0.003): len(SOURCES) - 1, ((2,), 0.003): 1}
    np.testing.assert_array_equal(choice.logits, np.where(own, second, first))


def test_a_set_says_the_mean_of_its_layers() -> None:
    one, other = logits(), logits()
    choice = choose_without({(0.1, 1): one, (0.1, 2): other}, [(1, 2)], IMAGES)
    np.testing.assert_allclose(choice.logits, (one + other) / 2)


def test_copies_whose_scores_sink_are_ranked_worse_together_than_alone() -> None:
    row = 10.0 * (TARGET - 0.5)
    assert pooled_auc(np.stack([row, row]), IMAGES) == 1.0
    # Half of all pairs of the two copies are then the wrong way round or even.
    assert pooled_auc(np.stack([row, row - 20.0]), IMAGES) == 0.75


def test_one_threshold_serves_all_copies() -> None:
    judged = logits()
    sunk = np.stack([judged[0] - 3.0] * len(EDITS))
    shares = at_threshold(judged, IMAGES, sunk)
    assert list(shares) == [*(copy.value for copy in JUDGED), *EDITS]
    assert min(shares[copy.value]["real"] for copy in JUDGED) >= 0.92
    for name in EDITS:
        assert shares[name]["ai"] < shares["clean"]["ai"]
        assert shares[name]["real"] >= shares["clean"]["real"]


def test_the_page_has_every_row_and_its_command() -> None:
    shares = {copy.value: {"real": 0.95, "ai": 0.5} for copy in JUDGED}
    figures = {"mean_auc": 0.91, "gain": 0.01, "low": -0.01, "high": 0.03}
    page = render(
        {
            "images": 80,
            "sources": 4,
            "left_out": ["a/b"],
            "command": "python -m benchmarks.heads DATA",
            "layers": [
                {
                    "sets": "all sets",
                    "chosen": [{"layers": (7, 10), "strength": 0.003, "times": 4}],
                    **figures,
                    "shares": shares,
                }
            ],
            "copies": [
                {
                    "copies": "edited",
                    "layers": (7, 10),
                    "together": 0.9,
                    **figures,
                    "shares": shares | {name: {"real": 0.97, "ai": 0.3} for name in EDITS},
                }
            ],
        }
    )
    assert "left out: a/b" in page
    assert (
        "| all sets | 7, 10 at 0.003, 4 times | 0.9100 | +0.010 (-0.010 to +0.030) "
        "| 0.95 / 0.50 | 0.95 / 0.50 | 0.95 / 0.50 |\n"
    ) in page
    assert page.count("0.97 / 0.30") == len(EDITS)
    assert page.endswith("Command: `python -m benchmarks.heads DATA`.\n")
