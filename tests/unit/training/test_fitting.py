"""From labelled folders to a fitted head and a package, on a tiny encoder."""

import json
from pathlib import Path

import numpy as np
import pytest

from detector.evaluation import Label
from detector.package import Graph, check_file, load_package
from detector.verdict import Verdict
from tests.unit.training.conftest import NOW
from tests.unit.training.tiny import make_images, tiny_weights
from training.dataset import Dataset, DatasetError, load_dataset
from training.degrade import JUDGED, Variant
from training.embedded import verified
from training.evaluation import UNSEEN, evaluate, write_report
from training.features import open_session
from training.fit import fit, layer_sets
from training.fitted import fit_folder
from training.fitting import HELD_OUT, Naming, Setting, features_of
from training.head import CARD_FILE, RECORD_FILE, WEIGHTS_FILE, Head, HeadError, read_head
from training.package import build_package
from training.probe import balance


def test_the_fit_tells_the_classes_apart(fitted: Path, images: Dataset, setting: Setting) -> None:
    record, head = read_head(fitted)
    taps = features_of(images.images, setting, (Variant.CLEAN,))[Variant.CLEAN]
    logits = head.logits(taps[:, [setting.layers.index(layer) for layer in head.layers]])
    right = (logits > 0) == [image.label is Label.AI for image in images.images]
    assert right.mean() > 0.9
    assert record.data.real == record.data.ai == 12
    assert record.created_at == "2026-01-02T03:04:05Z"
    assert record.metrics["held_out.clean.auc"] > 0.8


def test_the_card_says_what_to_know(fitted: Path) -> None:
    card = (fitted / CARD_FILE).read_text()
    for word in ("not proof", "Leave", "leave one source out", "real-one", "random split", "AUC"):
        assert word.lower() in card.lower()
    assert "$" not in card


def test_fitting_again_gives_the_same_head(
    fitted: Path, images: Dataset, setting: Setting, tmp_path: Path
) -> None:
    record = fit_folder(images, tmp_path, setting, Naming("tiny-probe", "1.2.3", "test", NOW))
    assert record == read_head(fitted)[0]


def test_the_package_scores_like_the_head(
    package: Path, fitted: Path, images: Dataset, setting: Setting
) -> None:
    assert verified(package)
    described = load_package(package)
    record, head = read_head(fitted)
    assert described.decision == record.decision
    assert described.decision.verdict(1.0) is Verdict.AI
    assert described.version.startswith("1.2.3-")
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    # Projected after the last block alone.
    width = 24 if max(head.layers) == setting.encoder.config.num_hidden_layers else 64
    logits = []
    for name in (Graph.FP32, Graph.INT8):
        path = check_file(package, described.graph(name))
        found = open_session(path, 1).run(["logit", "embedding"], {"pixels": pixels})
        assert np.asarray(found[1]).shape == (3, width)
        logits.append(np.asarray(found[0]))
    np.testing.assert_allclose(logits[0], logits[1], atol=0.1)
    assert head.folded().layers == head.layers


def test_building_twice_gives_the_same_bytes(
    package: Path, fitted: Path, setting: Setting, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    (again / CARD_FILE).write_bytes((fitted / CARD_FILE).read_bytes())
    build_package(again, *read_head(fitted), setting.encoder, fine=True)
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {
        p.name: p.read_bytes() for p in package.iterdir()
    }


def test_another_encoder_is_refused(fitted: Path, tmp_path: Path) -> None:
    weights = tiny_weights()
    other = type(weights)(weights.config, weights.state, "tiny", "test:other", "b" * 64)
    with pytest.raises(HeadError, match="use the same weights or fit the head again"):
        build_package(tmp_path, *read_head(fitted), other)


@pytest.mark.parametrize("file", [WEIGHTS_FILE, CARD_FILE])
def test_a_damaged_package_is_noticed(package: Path, file: str) -> None:
    path = package / ("model.onnx" if file == WEIGHTS_FILE else file)
    path.write_bytes(path.read_bytes()[:-1])
    assert not verified(package)


def test_a_head_without_record_is_said(tmp_path: Path) -> None:
    with pytest.raises(HeadError, match="python -m training fit"):
        read_head(tmp_path)


def test_a_record_of_other_layers_is_refused(fitted: Path, tmp_path: Path) -> None:
    for path in fitted.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    document = json.loads((tmp_path / RECORD_FILE).read_text())
    document["encoder"]["layers"] = [1, 2, 3, 4]
    (tmp_path / RECORD_FILE).write_text(json.dumps(document))
    with pytest.raises(HeadError, match="names layers"):
        read_head(tmp_path)


def test_the_head_survives_its_file() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(2, 8)).astype(np.float32) for _ in range(3)]
    head = Head((4, 6), parts[0], np.abs(parts[1]) + np.float32(0.1), parts[2], 0.125)
    copy = Head.loads(head.dumps())
    assert copy.layers == head.layers
    assert copy.bias == head.bias
    taps = rng.normal(size=(5, 2, 8)).astype(np.float32)
    np.testing.assert_array_equal(copy.logits(taps), head.logits(taps))
    folded = head.folded()
    np.testing.assert_allclose(
        (taps * folded.weight).sum(axis=(1, 2)) + folded.bias, head.logits(taps), atol=1e-4
    )


def test_known_sources_are_judged_by_leaving_them_out(
    fitted: Path, images: Dataset, setting: Setting, tmp_path: Path
) -> None:
    record, head = read_head(fitted)
    found = evaluate(images, record, head, setting, command="c")
    report = found.report
    assert report.method == HELD_OUT
    assert [v.variant for v in report.variants] == list(JUDGED)
    first = report.variants[0]
    assert {s.source for s in first.sources} == set(images.sources)
    assert first.auc.low <= first.auc.value <= first.auc.high
    assert report.variants[0].auc.value == record.metrics["held_out.clean.auc"]
    document, _details, text = write_report(found, tmp_path / "out")
    assert json.loads(document.read_text())["schema"] == "aidetect.evaluation/1"
    assert "| ai | ai-one | 6 |" in text.read_text()


def test_a_source_that_is_left_out_is_judged_and_not_learnt_from(
    images: Dataset, setting: Setting, tmp_path: Path
) -> None:
    dataset = load_dataset(make_images(tmp_path / "images", sources=("one", "two", "three")))
    naming = Naming("tiny-probe", "1.2.3", "test", NOW)
    record = fit_folder(dataset, tmp_path / "part", setting, naming, left_out=["ai-three"])
    # The same head as of a folder that never had it, and the same judgement of what is in both.
    rest = dataset.without(["ai-three"])
    same = fit_folder(rest, tmp_path / "rest", setting, naming)
    assert record.weights.sha256 == same.weights.sha256
    assert record.data.sources == same.data.sources == rest.sources
    assert (
        "Judged, but left out of what was learnt from: ai-three."
        in (tmp_path / "part" / "MODEL_CARD.md").read_text()
    )
    _, head = read_head(tmp_path / "part")
    found = evaluate(dataset, record, head, setting).report
    assert found.method.endswith("scored by the head as released: ai-three.")
    by_source = {s.source: s for s in found.variants[0].sources}
    whole = {s.source: s for s in evaluate(rest, same, head, setting).report.variants[0].sources}
    assert {name: by_source[name] for name in whole} == whole
    released = evaluate(
        dataset,
        record.model_copy(update={"data": record.data.model_copy(update={"sources": ()})}),
        head,
        setting,
    ).report
    alone = {s.source: s for s in released.variants[0].sources}
    assert by_source["ai-three"] == alone["ai-three"]


def test_a_source_that_is_not_there_cannot_be_left_out(images: Dataset) -> None:
    with pytest.raises(DatasetError, match=r"no source 'elsewhere'; it has ai-one"):
        images.without(["elsewhere"])


def test_unknown_sources_are_judged_as_released(
    fitted: Path, images: Dataset, setting: Setting
) -> None:
    record, head = read_head(fitted)
    other = record.model_copy(
        update={"data": record.data.model_copy(update={"sources": ("elsewhere",)})}
    )
    assert evaluate(images, other, head, setting).report.method == UNSEEN
    foreign = record.model_copy(
        update={"encoder": record.encoder.model_copy(update={"sha256": "c" * 64})}
    )
    with pytest.raises(HeadError, match="--encoder"):
        evaluate(images, foreign, head, setting)


def test_classes_and_sources_weigh_the_same(images: Dataset) -> None:
    some = [i for n, i in enumerate(images.images) if n not in {0, 1, 2}]
    weights = balance(some)
    totals: dict[tuple[str, str], float] = {}
    for image, weight in zip(some, weights, strict=True):
        key = (image.label.value, image.source)
        totals[key] = totals.get(key, 0.0) + float(weight)
    assert np.ptp(list(totals.values())) < 1e-9
    assert abs(weights.mean() - 1) < 1e-9


def test_single_layers_pairs_and_triples_are_compared() -> None:
    sets = layer_sets((5, 6, 7, 8))
    assert sets[:4] == [(5,), (6,), (7,), (8,)]
    assert (5, 8) in sets
    assert (5, 6, 8) in sets
    assert len(sets) == len(set(sets)) == 4 + 6 + 4


def test_a_head_no_better_than_chance_is_refused(images: Dataset) -> None:
    flat = np.zeros((len(images.images), 1, 4), np.float32)
    with pytest.raises(ValueError, match="no better than chance"):
        fit(dict.fromkeys(Variant, flat), images.images, (1,), strengths=(0.01,))


def test_without_strengths_there_is_nothing_to_choose_from(images: Dataset) -> None:
    taps = np.random.default_rng(3).normal(size=(len(images.images), 1, 4)).astype(np.float32)
    with pytest.raises(ValueError, match="no layers or strengths"):
        fit(dict.fromkeys(Variant, taps), images.images, (1,), strengths=())
