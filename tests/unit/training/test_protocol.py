"""A folder's detector is judged by what it is, and never on what it learnt from."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.evaluation import Label
from detector.package import DESCRIPTION_FILE, load_package
from tests.unit.training.conftest import NOW
from tests.unit.training.tiny import make_images
from training import weights
from training.dataset import Dataset, DatasetError, load_dataset
from training.degrade import JUDGED
from training.evaluation import UNSEEN, climb, write_report
from training.fitted import fit_folder
from training.fitting import HELD_OUT, Naming, Setting
from training.head import RECORD_FILE, HeadError, read_head
from training.ladder import COPIES
from training.protocol import Protocol, run_protocol
from training.subject import head_subject, released_score


@pytest.fixture
def protocol(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> Protocol:
    monkeypatch.setattr(weights, "load", lambda _name, _cache: setting.encoder)
    return Protocol(setting.cache, threads=1, command="c")


@pytest.fixture(scope="session")
def others(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Images of sources that nothing learnt from."""
    root = tmp_path_factory.mktemp("others")
    return load_dataset(make_images(root, per_source=5, sources=("three", "four")))


def test_a_package_is_judged_by_its_own_graph(
    package: Path, fitted: Path, others: Dataset, setting: Setting, protocol: Protocol
) -> None:
    found = run_protocol(others, package, replace(protocol, per_group=2))
    described = load_package(package)
    assert found.report.method == UNSEEN
    assert found.report.detector == f"{described.name}@{described.version}"
    assert found.report.images == 20
    # The graph says what the head says on the encoder's features.
    _record, head = read_head(fitted)
    logits = released_score(head, setting)(others.images, ["clean"])["clean"]
    expected = [described.calibration.probability(x) for x in logits.tolist()]
    np.testing.assert_allclose(found.clean, expected, atol=0.03)
    ladder = found.report.ladder
    assert ladder is not None
    assert ladder.images == 8
    assert tuple(rung.variant for rung in ladder.rungs) == COPIES
    assert {s.images for rung in ladder.rungs for s in rung.sources} == {2}


def test_what_was_scored_is_kept(package: Path, others: Dataset, protocol: Protocol) -> None:
    told: list[int] = []
    watched = replace(protocol, progress=lambda done, _total: told.append(done))
    first = run_protocol(others, package, watched)
    told.clear()
    again = run_protocol(others, package, watched)
    assert not told
    assert again.report == first.report


def test_a_package_is_refused_on_what_it_learnt_from(
    package: Path, images: Dataset, protocol: Protocol
) -> None:
    with pytest.raises(DatasetError, match=r"learnt from 4 of these sources .*--unseen"):
        run_protocol(images, package, protocol)
    with pytest.raises(DatasetError, match="nothing fair can be said"):
        run_protocol(images, package, replace(protocol, unseen=True))


def mixed(one: Dataset, other: Dataset) -> Dataset:
    return Dataset(other.root, one.images + other.images)


def test_on_a_mixture_only_what_is_new_to_it_is_judged(
    package: Path, fitted: Path, images: Dataset, others: Dataset, protocol: Protocol
) -> None:
    data = mixed(images, others)
    with pytest.raises(DatasetError, match="--unseen"):
        run_protocol(data, package, protocol)
    unseen = replace(protocol, unseen=True)
    for folder in (package, fitted):
        report = run_protocol(data, folder, unseen).report
        assert report.images == len(others.images)
        assert report.method.endswith("learnt from them: ai-one, ai-two, real-one, real-two.")
        assert {s.source for s in report.variants[0].sources} == set(others.sources)


def test_a_head_cannot_be_fitted_anew_on_a_part_of_its_data(
    fitted: Path, images: Dataset, others: Dataset, protocol: Protocol
) -> None:
    part = Dataset(images.root, tuple(i for i in images.images if i.source != "ai-two"))
    with pytest.raises(DatasetError, match=r"the rest of what it learnt from is not here"):
        run_protocol(mixed(part, others), fitted, protocol)


def test_a_head_s_ladder_is_climbed_by_heads_that_never_saw_a_source(
    fitted: Path, images: Dataset, setting: Setting, protocol: Protocol
) -> None:
    found = run_protocol(images, fitted, replace(protocol, per_group=100))
    report = found.report
    assert report.method == HELD_OUT
    ladder = report.ladder
    assert ladder is not None
    assert ladder.images == report.images
    # All images go up, and the first rung is what was judged as found.
    assert ladder.rungs[0].sources == report.variants[0].sources
    record, head = read_head(fitted)
    blind = head_subject(images.images, record, head, setting)
    seeing = replace(blind, score=released_score(head, setting))
    assert climb(blind, images.images, 100) == ladder
    assert climb(seeing, images.images, 100).rungs != ladder.rungs


def test_a_fit_with_a_ladder_records_the_same(
    fitted: Path, images: Dataset, setting: Setting, protocol: Protocol, tmp_path: Path
) -> None:
    naming = Naming("tiny-probe", "1.2.3", "test", NOW)
    fit_folder(images, tmp_path, setting, naming, per_group=2)
    found = run_protocol(images, tmp_path, replace(protocol, per_group=2)).report
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert found.ladder is not None
    assert document["ladder"] == json.loads(found.ladder.model_dump_json())


def test_a_folder_of_nothing_is_said(others: Dataset, protocol: Protocol, tmp_path: Path) -> None:
    with pytest.raises(HeadError, match=rf"neither .*{DESCRIPTION_FILE}.*{RECORD_FILE}"):
        run_protocol(others, tmp_path, protocol)


def test_the_report_is_written_whole(
    package: Path, others: Dataset, protocol: Protocol, tmp_path: Path
) -> None:
    found = run_protocol(others, package, replace(protocol, per_group=1))
    paths = write_report(found, tmp_path / "out")
    assert [p.name for p in paths] == [
        "evaluation.json", "evaluation-details.json", "evaluation.md"
    ]  # fmt: skip
    text = paths[2].read_text()
    assert "## Ladder of degradations" in text
    assert "| Gaussian blur, \u03c3 2 px |" in text
    assert str(tmp_path) not in text
    assert len(found.details.variants) == len(JUDGED)
    for mistake in found.mistakes():
        wrong = mistake.probability >= found.report.decision.threshold
        assert wrong is (mistake.label is Label.REAL)
