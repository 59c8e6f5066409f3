"""The whole protocol of an evaluation, on whatever holds a detector: docs/evaluation.md."""

from dataclasses import dataclass, replace
from pathlib import Path

from detector.package import DESCRIPTION_FILE, load_package
from training import embedded, weights
from training.dataset import Dataset
from training.evaluation import Evaluation, judge
from training.features import Progress
from training.fitting import Setting
from training.head import RECORD_FILE, HeadError, read_head
from training.subject import Subject, head_subject, package_subject, unseen_images, without


@dataclass(frozen=True)
class Protocol:
    """How an evaluation is run.

    Attributes
    ----------
    cache
        The cache folder.
    threads
        CPU threads of the encoder.
    progress
        Told of images done and in all.
    unseen
        Leave sources out that the detector learnt from, instead of refusing them.
    per_group
        Images of each class of each source that go up the ladder; 0 for none.
    encoder
        What to load as a head's encoder, where not what its record names.
    command
        What was typed, for the record.
    """

    cache: Path
    threads: int = 2
    progress: Progress = lambda _done, _total: None
    unseen: bool = False
    per_group: int = 0
    encoder: str | None = None
    command: str = ""


def run_protocol(dataset: Dataset, folder: Path, protocol: Protocol) -> Evaluation:
    """Judge the detector of a folder: a package by its own graph, or a fitted head.

    A head whose recipe tuned the encoder is judged as the package that it becomes, since it cannot
    be fitted anew from features.

    Raises
    ------
    HeadError
        If the folder holds neither.
    training.dataset.DatasetError
        If it learnt from these sources and cannot be judged fairly on them.
    """
    if not (folder / DESCRIPTION_FILE).is_file() and not (folder / RECORD_FILE).is_file():
        raise HeadError(
            f"{folder} holds neither a detector package ({DESCRIPTION_FILE}) nor a fitted head "
            f"({RECORD_FILE})"
        )
    images = dataset.images
    learnt, name = _past(folder)
    if protocol.unseen:
        images = unseen_images(images, learnt, name)
    subject = _subject(folder, replace(dataset, images=images), protocol)
    method = without(subject.method, dataset.images, images)
    return judge(
        replace(subject, method=method),
        images,
        data=dataset.root.name,
        command=protocol.command,
        per_group=protocol.per_group,
    )


def _past(folder: Path) -> tuple[tuple[str, ...], str]:
    """Return the sources that a detector learnt from, and its name."""
    if (folder / DESCRIPTION_FILE).is_file():
        package = load_package(folder)
        return package.learnt_sources, f"{package.name}@{package.version}"
    record, _head = read_head(folder)
    return record.data.sources, f"{record.name}@{record.version}"


def _subject(folder: Path, dataset: Dataset, protocol: Protocol) -> Subject:
    cache, progress = protocol.cache, protocol.progress
    if not (folder / DESCRIPTION_FILE).is_file():
        record, head = read_head(folder)
        if record.adaptation is None:
            encoder = weights.load(protocol.encoder or weights.name_of(record.encoder), cache)
            setting = Setting(
                encoder, cache, protocol.threads, progress, pixels=record.preprocessing
            )
            return head_subject(dataset.images, record, head, setting)
        folder = embedded.build(cache, fitted=folder)
    return package_subject(folder, dataset.images, cache, progress)
