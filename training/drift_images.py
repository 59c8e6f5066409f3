"""Looks at images with a package's own graph, for a drift reference."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from batch_inference.engine import OnnxEngine, choose_graph, cuda_usable
from batch_inference.sketching import Doubles, project
from detector.package import check_file, load_package
from training.dataset import LabelledImage
from training.degrade import Variant
from training.drift import Observed
from training.features import Progress, content_of, read_pixels

# As found and as the web passes images on: live traffic is of both kinds.
COPIES = (Variant.CLEAN, Variant.WEB)
# Of a class of a source; more say little more of it, and each costs two runs of the encoder.
PER_GROUP = 60


def choose(images: Sequence[LabelledImage], most: int = PER_GROUP) -> tuple[LabelledImage, ...]:
    """Return up to ``most`` images of each class of each source, always the same ones."""
    groups = defaultdict[tuple[str, str], list[LabelledImage]](list)
    for image in images:
        groups[image.label.value, image.source].append(image)
    return tuple(
        image
        for _, group in sorted(groups.items())
        for image in sorted(group, key=lambda one: one.path.name)[:most]
    )


def look(
    folder: Path,
    images: Sequence[LabelledImage],
    progress: Progress = lambda _done, _total: None,
) -> tuple[Doubles, Doubles]:
    """Run a package's graph on the copies of each image.

    Returns
    -------
    Calibrated log-odds [N, C] of C copies, and projected embeddings [N, C, K].

    Raises
    ------
    detector.package.PackageError
        If a file of the package is missing or altered.
    """
    package, cuda = load_package(folder), cuda_usable()
    graph = choose_graph(None, package, cuda=cuda)
    engine = OnnxEngine(check_file(folder, package.graph(graph)), graph, cuda=cuda)
    log_odds, seen = [], []
    for done, image in enumerate(images, start=1):
        data, seed = content_of(image)
        scores = engine.run(read_pixels(data, COPIES, seed, package.preprocessing))
        log_odds.append(scores.logits.astype(np.float64))
        seen.append(project(scores.embeddings))
        progress(done, len(images))
    return package.calibration.log_odds(np.stack(log_odds)), np.stack(seen)


def observed(images: Sequence[LabelledImage], log_odds: Doubles, seen: Doubles) -> Observed:
    """Return what was seen of the copies of each image, as one list."""
    several = [image for image in images for _ in COPIES]
    return Observed(several, log_odds.reshape(-1), seen.reshape(len(several), -1))
