"""What is judged: something that scores images, with its calibration, bands and past."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from batch_inference.engine import OnnxEngine, choose_graph, cuda_usable
from detector.calibration import Calibration
from detector.package import DetectorPackage, check_file, load_package
from detector.verdict import Decision
from training.calibrate import Floats
from training.dataset import DatasetError, LabelledImage
from training.degrade import Variant
from training.features import FeatureStore, Progress, extract
from training.fit import heads_by_layer, held_out_logits
from training.fitting import HELD_OUT, Setting, features_of
from training.head import Head, HeadError, HeadRecord

UNSEEN = "None of these sources was learnt from; the images were scored by the head as released."
# Logits [N] of the N images, by the names of the copies asked for.
Score = Callable[[Sequence[LabelledImage], Sequence[str]], dict[str, Floats]]


@dataclass(frozen=True)
class Subject:
    """A detector as it is judged. ``method`` says how images were kept apart from those learnt."""

    detector: str
    calibration: Calibration
    decision: Decision
    method: str
    score: Score


def unseen_images(
    images: Sequence[LabelledImage], learnt: Sequence[str], detector: str
) -> tuple[LabelledImage, ...]:
    """Return the images of sources that a detector never learnt from.

    Raises
    ------
    DatasetError
        If they are not of both classes.
    """
    fresh = tuple(image for image in images if image.source not in learnt)
    if len({image.label for image in fresh}) < 2:
        raise DatasetError(
            f"of the sources that {detector} never learnt from, the data does not have both real "
            "photographs and AI images, so nothing fair can be said; add sources that are new to it"
        )
    return fresh


def without(method: str, images: Sequence[LabelledImage], kept: Sequence[LabelledImage]) -> str:
    """Return the method's sentence, and which sources were left out."""
    lost = sorted({i.source for i in images} - {i.source for i in kept})
    return f"{method} Left out, since it learnt from them: {', '.join(lost)}." if lost else method


def refused(shared: Sequence[str], detector: str, why: str) -> DatasetError:
    """Say which sources would flatter a detector, and what to do."""
    return DatasetError(
        f"{detector} learnt from {len(shared)} of these sources ({', '.join(sorted(shared)[:5])}"
        f"{', …' if len(shared) > 5 else ''}), which would flatter it, and {why}; give --unseen to "
        "judge it on the other sources alone, or name a folder of new sources"
    )


def head_subject(
    images: Sequence[LabelledImage], record: HeadRecord, head: Head, setting: Setting
) -> Subject:
    """Return a fitted head as it is judged on a set of images.

    Images of sources that it never learnt from are scored by it as it is. Where all that it learnt
    from is among them, each image of these is scored by a head fitted anew without its source.

    Raises
    ------
    HeadError
        If it was fitted on another encoder.
    DatasetError
        If it learnt from some of the sources, but not all that it learnt from is here: heads fitted
        anew would then be of other data.
    """
    if setting.encoder.sha256 != record.encoder.sha256:
        raise HeadError(
            f"the head was fitted on {record.encoder.source}, not {setting.encoder.source}; "
            "name the same encoder with --encoder"
        )
    name = f"{record.name}@{record.version}"
    learnt, here = set(record.data.sources), {image.source for image in images}
    if not learnt & here:
        score = released_score(head, setting)
        return Subject(name, record.calibration, record.decision, UNSEEN, score)
    if learnt - here:
        why = "the rest of what it learnt from is not here to fit it anew without them"
        raise refused(sorted(learnt & here), name, why)
    variants = tuple(Variant(v) for v in record.learnt_from)
    known = [image for image in images if image.source in learnt]
    held_out = held_out_score(known, variants, head.layers, record.strength, setting)
    score = by_past(learnt, held_out, released_score(head, setting))
    method = held_out_method(sorted(here - learnt))
    return Subject(name, record.calibration, record.decision, method, score)


def held_out_method(fresh: Sequence[str]) -> str:
    """Say how images were kept apart, beside those of ``fresh`` sources, never learnt from."""
    if not fresh:
        return HELD_OUT
    return (
        f"{HELD_OUT} Sources that it never learnt from, scored by the head as released: "
        f"{', '.join(fresh)}."
    )


def by_past(learnt: Collection[str], held_out: Score, released: Score) -> Score:
    """Return what scores images of learnt sources by ``held_out``, and others by ``released``."""

    def score(images: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
        old = np.array([image.source in learnt for image in images])
        found = {copy: np.empty(len(images)) for copy in copies}
        for mine, by in ((old, held_out), (~old, released)):
            if mine.any():
                part = by([images[i] for i in np.flatnonzero(mine).tolist()], copies)
                for copy in copies:
                    found[copy][mine] = part[copy]
        return found

    return score


def _chosen(setting: Setting, layers: Sequence[int]) -> list[int]:
    return [setting.layers.index(layer) for layer in layers]


def released_score(head: Head, setting: Setting) -> Score:
    """Return what scores images by a head as it is, on an encoder's features."""

    def score(images: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
        index = _chosen(setting, head.layers)
        features = features_of(images, setting, copies)
        return {c: head.logits(t[:, index]).astype(np.float64) for c, t in features.items()}

    return score


def held_out_score(
    images: Sequence[LabelledImage],
    learnt: Sequence[Variant],
    layers: tuple[int, ...],
    strength: float,
    setting: Setting,
) -> Score:
    """Return what scores each of these images by a head fitted on all sources but its own."""
    index = _chosen(setting, layers)
    features = features_of(images, setting, learnt)
    taps = {variant: rows[:, index] for variant, rows in features.items()}
    heads = heads_by_layer(taps, learnt, images, layers, strength)

    def score(some: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
        found = features_of(some, setting, copies)
        return {
            copy: np.mean(held_out_logits(heads, rows[:, index], some), axis=0)
            for copy, rows in found.items()
        }

    return score


class _Logits:
    """A detector's graph in the place of an encoder: its logits are the only feature."""

    def __init__(self, engine: OnnxEngine) -> None:
        self._engine = engine

    def run(self, _names: Sequence[str], feed: dict[str, Any]) -> Sequence[Any]:
        pixels, size = feed["pixels"], self._engine.batch_size
        parts = [pixels[at : at + size] for at in range(0, len(pixels), size)]
        logits = np.concatenate([self._engine.run(part).logits for part in parts])
        return [logits.reshape(-1, 1, 1).astype(np.float32)]


def package_subject(
    folder: Path,
    images: Sequence[LabelledImage],
    cache: Path,
    progress: Progress = lambda _done, _total: None,
) -> Subject:
    """Return a released detector, scored by its own graph, as it is judged on images new to it.

    Raises
    ------
    DatasetError
        If it learnt from any of their sources.
    detector.package.PackageError
        If the package is damaged.
    """
    package = load_package(folder)
    name = f"{package.name}@{package.version}"
    if shared := set(package.learnt_sources) & {image.source for image in images}:
        raise refused(sorted(shared), name, "a package cannot be fitted anew without them")
    score = _graph_score(folder, package, cache, progress)
    return Subject(name, package.calibration, package.decision, UNSEEN, score)


def _graph_score(folder: Path, package: DetectorPackage, cache: Path, progress: Progress) -> Score:
    cuda = cuda_usable()
    graph = choose_graph(None, package, cuda=cuda)
    file = package.graph(graph)
    path = check_file(folder, file)
    # Kept by the graph's hash, so that an evaluation which was stopped goes on.
    store = FeatureStore(cache / "logits", file.sha256, (0,), package.preprocessing)

    def score(images: Sequence[LabelledImage], copies: Sequence[str]) -> dict[str, Floats]:
        found = extract(
            images,
            copies,
            session=lambda: _Logits(OnnxEngine(path, graph, cuda=cuda)),
            store=store,
            spec=package.preprocessing,
            progress=progress,
        )
        return {copy: rows[:, 0, 0].astype(np.float64) for copy, rows in found.items()}

    return score
