"""What a stage learns or judges on: the run's images on disk, and its encoder."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batch_inference.cpus import available_cpus
from detector.package import Encoder, Preprocessing
from training.data.catalog import CatalogEntry
from training.data.materialize import materialize
from training.data.prepared import Prepared
from training.dataset import LabelledImage
from training.encoder import resolve
from training.features import tag_of
from training.fitting import Setting
from training.parts import FeatureParts
from training.stages.context import StageContext, counting
from training.storage import Storage, open_storage
from training.vision import VisionWeights
from training.weights import load, name_of


def fetch_images(
    context: StageContext, prepared: Prepared, entries: Sequence[CatalogEntry], split: str
) -> tuple[LabelledImage, ...]:
    """Bring the images of one split to the disk, in the catalog's order."""
    storage: Storage = context.dataset or open_storage(prepared.dataset)
    wanted = [entry for entry in entries if entry.split == split]
    with counting(context, "fetching images") as count:
        return materialize(storage, wanted, context.scratch / "images", progress=count)


def encoder_cache(context: StageContext) -> Path:
    """Return the folder of encoder weights: the machine's own where one is named."""
    chosen = os.environ.get("AIDETECT_CACHE")
    return Path(chosen) if chosen else context.scratch / "cache"


def asked_encoder(context: StageContext) -> VisionWeights:
    """Return the encoder that the run asks for, fetched on first use."""
    cache = encoder_cache(context)
    return load(resolve(context.run.request.encoder, cache, tell=context.tell), cache)


def recorded_encoder(context: StageContext, encoder: Encoder) -> VisionWeights:
    """Return the encoder that a head was fitted on, whatever this machine would choose."""
    return load(name_of(encoder), encoder_cache(context))


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
        plain = Setting(encoder, context.scratch, available_cpus(), count, spec)
    tag = tag_of(f"{encoder.sha256}{part}", plain.layers, spec)
    folder = context.training.child(f"features/{tag}/{digest[:16]}")
    return replace(plain, store=FeatureParts(folder, plain.layers))
