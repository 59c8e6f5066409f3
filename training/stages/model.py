"""What the train stage made: written to and read from the run's files."""

from pathlib import Path

from detector.training_request import Compute
from training.adaptation import ADAPTATION_FILE, Adaptation, adapted
from training.head import (
    CARD_FILE,
    DETAILS_FILE,
    EVALUATION_FILE,
    RECORD_FILE,
    WEIGHTS_FILE,
    Head,
    HeadRecord,
    read_head,
)
from training.sagemaker.artifact import fetch_model as fetch_artifact
from training.stages.context import StageContext, StageError
from training.storage import Storage
from training.vision import VisionWeights

FOLDER = "model"
# The record last: a model without it is not whole.
OPTIONAL = (ADAPTATION_FILE, EVALUATION_FILE, DETAILS_FILE)
FILES = (WEIGHTS_FILE, CARD_FILE, *OPTIONAL, RECORD_FILE)


def store_model(folder: Path, output: Storage) -> None:
    """Write a fitted head's files."""
    for name in FILES:
        if (folder / name).is_file():
            output.upload(name, folder / name)


def load_model(storage: Storage, into: Path) -> tuple[HeadRecord, Head, Adaptation | None]:
    """Read a fitted head's files by way of a folder on disk, each checked by its hash."""
    into.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        if name not in OPTIONAL or storage.exists(name):
            storage.download(name, into / name)
    return read_model(into)


def read_model(folder: Path) -> tuple[HeadRecord, Head, Adaptation | None]:
    """Read a fitted head and what it changed in its encoder from a folder."""
    record, head = read_head(folder)
    if record.adaptation is None:
        return record, head, None
    return record, head, Adaptation.load(str(folder / record.adaptation.file))


def fetch_model(context: StageContext) -> tuple[HeadRecord, Head, Adaptation | None]:
    """Read what the run's train stage made, wherever it ran; the folder is ``scratch/model``.

    Raises
    ------
    StageError
        If it made nothing.
    """
    files, into = context.files, context.scratch / FOLDER
    if files.exists(f"{FOLDER}/{RECORD_FILE}"):
        return load_model(files.child(FOLDER), into)
    if context.run.request.compute is Compute.SAGEMAKER:
        fetch_artifact(files, into)
        return read_model(into)
    raise StageError(f"{files.uri} holds no trained model; run the train stage first")


def tuned_encoder(encoder: VisionWeights, adaptation: Adaptation | None) -> VisionWeights:
    """Return the encoder as the recipe left it."""
    return encoder if adaptation is None else adapted(encoder, adaptation)
