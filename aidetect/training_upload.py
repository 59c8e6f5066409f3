"""Brings labelled images from this machine into the training bucket, packed."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from aidetect.target import Target
from detector.layout import DATASETS_PREFIX
from detector.uri import S3Uri
from training.data.archive import find_archive, is_archive
from training.data.folder import find_folder
from training.data.pack import pack
from training.storage import S3Storage


def dataset_name(path: Path) -> str:
    """Name a dataset after its folder or archive."""
    name = re.sub(r"[^a-z0-9-]+", "-", path.resolve().stem.lower()).strip("-")
    return name or "images"


def upload_dataset(
    target: Target, path: Path, *, progress: Callable[[int, int], None] = lambda _d, _t: None
) -> str:
    """Pack a folder or an archive into the training bucket and return the dataset's URI.

    What was packed before, and has not changed, is found and not sent again.

    Raises
    ------
    training.data.place.DatasetError
        If there is nothing to learn from.
    """
    name = dataset_name(path)
    where = S3Uri(target.outputs.TrainingBucket, f"{DATASETS_PREFIX}{name}")
    found = find_archive(path) if is_archive(path) else find_folder(path)
    with tempfile.TemporaryDirectory(prefix="aidetect-pack-") as scratch:
        packed = pack(
            found, S3Storage(target.s3, where), name, scratch=Path(scratch), progress=progress
        )
    return packed.storage.uri.rstrip("/") + "/"
