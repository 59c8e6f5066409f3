"""The champion on the challenger's test images, wherever that is fair."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from batch_inference.engine import choose_graph, cuda_usable, load_engine
from detector.evaluation import Label, Report, VariantResult
from detector.layout import MODELS_PREFIX
from detector.package import (
    DESCRIPTION_FILE,
    DetectorPackage,
    PackageFile,
    Preprocessing,
    check_file,
)
from detector.plan import DetectorRef
from detector.training_request import Recipe
from detector.training_run import Comparison, SourceComparison
from training.calibrate import Floats, probabilities
from training.dataset import LabelledImage
from training.degrade import JUDGED, Variant
from training.features import content_of, read_pixels
from training.fit import Features
from training.head import Head
from training.stages.context import StageContext, counting
from training.storage import Storage

MEASURED, RECORDED = "measured", "recorded"
Key = tuple[str, Label, str]


@dataclass(frozen=True)
class Seen:
    """What was computed of the test images already.

    ``taps`` float32 [N, T, hidden] of each judged variant, of the untuned encoder's ``layers``.
    """

    encoder: str
    spec: Preprocessing
    layers: tuple[int, ...]
    taps: Features

    def fits(self, package: DetectorPackage) -> bool:
        """Tell whether a detector looks at just these features."""
        mine = (self.encoder, self.spec, Recipe.PROBE)
        return (package.encoder.sha256, package.preprocessing, package.recipe) == mine

    def logits(self, head: Head, chosen: Sequence[int]) -> dict[Variant, Floats]:
        """Return a head's logits of some of the images, by their numbers."""
        index = [self.layers.index(layer) for layer in head.layers]
        return {
            v: head.logits(rows[list(chosen)][:, index]).astype(np.float64)
            for v, rows in self.taps.items()
        }


@dataclass(frozen=True)
class Figure:
    """A share of right calls and what it rests on."""

    right: float
    images: int
    basis: str


def _folder(context: StageContext, package: DetectorPackage) -> Path:
    return context.scratch / "champion" / f"{package.name}-{package.version}"


def _fetch(storage: Storage, file: PackageFile, folder: Path) -> Path:
    target = folder / file.file
    if not target.is_file():
        storage.download(file.file, target)
    return check_file(folder, file)


def _score(
    context: StageContext,
    package: DetectorPackage,
    storage: Storage,
    images: Sequence[LabelledImage],
) -> dict[Variant, Floats]:
    """Return the champion's logits [N] of every judged variant."""
    folder = _folder(context, package)
    graph = choose_graph(None, package, cuda=cuda_usable())
    file = package.graph(graph)
    engine = load_engine(_fetch(storage, file, folder), file.sha256, graph, cuda=cuda_usable())
    rows = np.empty((len(JUDGED), len(images)))
    with counting(context, "scoring by the champion") as count:
        for number, image in enumerate(images):
            data, seed = content_of(image)
            pixels = read_pixels(data, JUDGED, seed, package.preprocessing)
            rows[:, number] = engine.run(pixels).logits
            count(number + 1, len(images))
    return dict(zip(JUDGED, rows, strict=True))


def _figures(variants: Sequence[VariantResult], basis: str) -> dict[Key, Figure]:
    return {
        (source.source, source.label, variant.variant): Figure(
            source.right.value, source.images, basis
        )
        for variant in variants
        for source in variant.sources
    }


def _measured(
    context: StageContext,
    package: DetectorPackage,
    storage: Storage,
    images: Sequence[LabelledImage],
    seen: Seen | None,
) -> dict[Key, Figure]:
    """Judge the champion on images of sources that it did not learn from."""
    chosen = [n for n, i in enumerate(images) if i.source not in package.learnt_sources]
    fresh = [images[number] for number in chosen]
    if not fresh:
        return {}
    if seen is not None and package.head is not None and seen.fits(package):
        # Its graphs were held to this very head when it was exported.
        head = Head.loads(_fetch(storage, package.head, _folder(context, package)).read_bytes())
        logits = seen.logits(head, chosen)
    else:
        logits = _score(context, package, storage, fresh)
    judged = measure_rights(logits, fresh, package)
    # To as many digits as the challenger's report has, so that the same is equal.
    return {key: Figure(round(right, 4), count, MEASURED) for key, (right, count) in judged.items()}


def measure_rights(
    logits: dict[Variant, Floats], images: Sequence[LabelledImage], package: DetectorPackage
) -> dict[Key, tuple[float, int]]:
    """Return the share of right calls, and of how many images, by source, class and variant."""
    found: dict[Key, tuple[float, int]] = {}
    keys = sorted({(image.source, image.label) for image in images})
    for variant, row in logits.items():
        called_ai = probabilities(row, package.calibration) >= package.decision.threshold
        for source, label in keys:
            mine = called_ai[[i.source == source and i.label is label for i in images]]
            right = mine if label is Label.AI else ~mine
            found[source, label, variant.value] = (float(right.mean()), len(mine))
    return found


def _recorded(package: DetectorPackage, storage: Storage, folder: Path) -> dict[Key, Figure]:
    """Return the champion's figures on sources it learnt from, by heads that had not seen them."""
    if package.evaluation is None:
        return {}
    path = _fetch(storage, package.evaluation, folder)
    report = Report.parse(path.read_bytes(), where=str(path))
    return _figures(report.variants, RECORDED)


def compare(
    context: StageContext,
    challenger: Report,
    images: Sequence[LabelledImage],
    seen: Seen | None = None,
) -> Comparison:
    """Compare challenger and champion source by source.

    A source that the champion learnt from would flatter it; there its recorded figure is taken,
    as long as it is of as many images. Where there is none, the source is left out.

    Raises
    ------
    detector.contract.ContractError, detector.package.PackageError
        If the champion's package is damaged.
    """
    ref = context.run.champion
    if ref is None:
        return Comparison(challenger=challenger.detector, champion=None)
    storage = context.models.child(f"{MODELS_PREFIX}{ref.name}/{ref.version}")
    package = _description(storage, ref)
    figures = {
        **_recorded(package, storage, _folder(context, package)),
        **_measured(context, package, storage, images, seen),
    }
    return join(challenger, figures, str(ref))


def _description(storage: Storage, ref: DetectorRef) -> DetectorPackage:
    where = f"{ref}'s {DESCRIPTION_FILE}"
    return DetectorPackage.parse(storage.read(DESCRIPTION_FILE), where=where)


def join(challenger: Report, figures: dict[Key, Figure], champion: str) -> Comparison:
    """Set the champion's figures beside the challenger's."""
    rows, left_out = [], set()
    for (source, label, variant), own in _figures(challenger.variants, MEASURED).items():
        other = figures.get((source, label, variant))
        if other is None or other.images != own.images:
            left_out.add(source)
            continue
        rows.append(
            SourceComparison(
                source=source,
                label=label.value,
                variant=variant,
                images=own.images,
                challenger_right=own.right,
                champion_right=other.right,
                basis=other.basis,
            )
        )
    return Comparison(
        challenger=challenger.detector,
        champion=champion,
        rows=tuple(rows),
        left_out=tuple(sorted(left_out)),
    )
