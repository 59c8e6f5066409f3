"""What a stage learns or judges on: the run's catalog, and its images on disk."""

import os
from pathlib import Path

from detector.package import Preprocessing
from training.data.catalog import CATALOG_FILE, CatalogEntry, read_catalog
from training.data.materialize import materialize
from training.dataset import LabelledImage
from training.encoder import preprocessing_of, resolve
from training.features import tag_of
from training.fitting import Setting
from training.parts import FeatureParts
from training.stages.context import StageContext, counting
from training.stages.prepare import PREPARED_FILE, Prepared
from training.storage import Storage, open_storage
from training.vision import VisionWeights
from training.weights import load


def read_prepared(context: StageContext) -> Prepared:
    """Read what the prepare stage came to.

    Raises
    ------
    detector.contract.ContractError
        If it is not that of this version.
    """
    where = f"{context.files.uri}/{PREPARED_FILE}"
    return Prepared.parse(context.files.read(f"prepared/{PREPARED_FILE}"), where=where)


def read_entries(context: StageContext, split: str) -> tuple[CatalogEntry, ...]:
    """Return the run's images of one split."""
    data = context.files.read(f"prepared/{CATALOG_FILE}")
    return tuple(e for e in read_catalog(data) if e.split == split)


def fetch_images(
    context: StageContext, entries: tuple[CatalogEntry, ...], dataset: str
) -> tuple[LabelledImage, ...]:
    """Bring images to the disk, in the order of the entries."""
    storage: Storage = context.dataset or open_storage(dataset)
    with counting(context, "fetching images") as count:
        return materialize(storage, entries, context.scratch / "images", progress=count)


def threads() -> int:
    """Return the CPUs this process may use."""
    return len(os.sched_getaffinity(0))


def fetch_encoder(context: StageContext) -> VisionWeights:
    """Return the run's encoder, fetched on first use."""
    cache = encoder_cache(context)
    return load(resolve(context.run.request.encoder, cache), cache)


def encoder_cache(context: StageContext) -> Path:
    """Return the folder of encoder weights: the machine's own where one is named."""
    chosen = os.environ.get("AIDETECT_CACHE")
    return Path(chosen) if chosen else context.scratch / "cache"


def pixels_of(encoder: VisionWeights, *, crops: bool) -> Preprocessing:
    """Return how images become pixels for an encoder."""
    return preprocessing_of(encoder.config, crops=crops)


def setting_of(
    context: StageContext, encoder: VisionWeights, spec: Preprocessing, digest: str, part: str = ""
) -> Setting:
    """Return the setting for features that are kept in the training bucket.

    Parameters
    ----------
    digest
        The dataset's, since features are kept by dataset.
    part
        Tells an adapted encoder from the one it came from.
    """
    with counting(context, "looking at images") as count:
        plain = Setting(encoder, context.scratch, threads(), count, spec)
    tag = tag_of(f"{encoder.sha256}{part}", plain.layers, spec)
    folder = context.training.child(f"features/{tag}/{digest[:16]}")
    return Setting(
        encoder, context.scratch, threads(), count, spec, FeatureParts(folder, plain.layers)
    )
