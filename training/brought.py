"""An encoder that a user brings: a folder in S3 or on disk with the files of a transformers model.

``config.json`` and ``model.safetensors``, and ``preprocessor_config.json`` where there is one. A
record names it with a hash over them, by which it is kept and known again.
"""

import hashlib
import re
from pathlib import Path

from detector.package import sha256_of
from detector.uri import SCHEME
from training.cache import put_folder, staging
from training.checkpoint import (
    CONFIG_FILE,
    PROCESSOR_FILE,
    TENSORS_FILE,
    read_config,
    read_tensors,
)
from training.storage import MissingFileError, Storage, open_storage
from training.vision import VisionWeights, WeightsError

FILES = (CONFIG_FILE, PROCESSOR_FILE, TENSORS_FILE)
# A hub's names never begin so.
LOCAL = ("/", "./", "../", "~")
PINNED = re.compile(r"(?P<where>.+)@(?P<digest>[0-9a-f]{64})")


def is_brought(encoder: str) -> bool:
    """Tell whether an encoder's name is that of a folder."""
    return encoder.startswith((SCHEME, *LOCAL))


def digest_of(folder: Path) -> str:
    """Return the SHA-256 over the names and hashes of a folder's files."""
    lines = (f"{f} {sha256_of(folder / f)}\n" for f in FILES if (folder / f).is_file())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def load(encoder: str, cache: Path) -> VisionWeights:
    """Return the encoder of a folder, copied into the cache by its hash.

    Parameters
    ----------
    encoder
        ``s3://bucket/prefix/`` or a path, with ``@`` and the hash where a certain one is wanted.
    cache
        The cache folder.

    Raises
    ------
    WeightsError
        If a file is missing or damaged, or the folder changed since its hash was noted.
    """
    pinned = PINNED.fullmatch(encoder)
    where, wanted = (pinned["where"], pinned["digest"]) if pinned else (encoder, "")
    if not where.startswith(SCHEME):
        where = str(Path(where).expanduser().resolve())
    kept = cache / "encoders" / wanted
    if wanted and kept.is_dir() and digest_of(kept) == wanted:
        return _read(kept, where, wanted)
    with staging(cache / "encoders" / "fresh") as folder:
        fresh = folder / "encoder"
        _download(open_storage(where), fresh)
        found = digest_of(fresh)
        if wanted and found != wanted:
            raise WeightsError(
                f"the encoder in {where} has changed: its files have the hash {found} now, but "
                f"{wanted} is wanted; put the old files back, or train again"
            )
        kept = cache / "encoders" / found
        weights = _read(fresh, where, found)
        put_folder(fresh, kept)
    return weights


def _download(storage: Storage, folder: Path) -> None:
    for name in FILES:
        if name == PROCESSOR_FILE and not storage.exists(name):
            continue
        try:
            storage.download(name, folder / name)
        except MissingFileError as error:
            raise WeightsError(
                f"{storage.uri} holds no encoder: {name} is missing; copy {CONFIG_FILE} and "
                f"{TENSORS_FILE} of a CLIP, SigLIP, DINOv3 or PE model there"
            ) from error


def _read(folder: Path, where: str, digest: str) -> VisionWeights:
    processor = folder / PROCESSOR_FILE
    config = read_config(folder / CONFIG_FILE, processor if processor.is_file() else None)
    return VisionWeights(
        config=config,
        state=read_tensors(folder / TENSORS_FILE, config),
        name=where.rstrip("/").rpartition("/")[2],
        source=where,
        sha256=sha256_of(folder / TENSORS_FILE),
        revision=digest,
    )
