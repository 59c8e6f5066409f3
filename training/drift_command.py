"""``python -m training drift``: makes a fitted head's drift reference from the data it is of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from batch_inference.sketching import Doubles, project
from detector.drift_reference import DRIFT_FILE, DriftReference
from detector.package import describe_file
from training import embedded, weights
from training.dataset import Dataset, DatasetError, LabelledImage
from training.drift import make_reference
from training.drift_images import COPIES, choose, observed
from training.fitting import Setting, features_of
from training.head import RECORD_FILE, read_head
from training.protocol import Protocol
from training.subject import head_subject
from training.vision import PREFIX, PROJECTION, Family, VisionWeights


def projected(
    images: Sequence[LabelledImage], encoder: VisionWeights, last: int, setting: Setting
) -> Doubles:
    """Return the projected embeddings [N, C, K] of the copies of images, from kept features.

    The embedding of a tower with a class token is that token, normalised; after all blocks CLIP's
    is projected, too. So the encoder need not run again.

    Parameters
    ----------
    images
        The N images.
    encoder
        The tower.
    last
        The last block, counted from 1, that the detector's graph computes.
    setting
        Where features are kept.

    Raises
    ------
    DatasetError
        If it is another tower.
    """
    if encoder.config.family is Family.SIGLIP:
        raise DatasetError(
            "a drift reference of a fitted head is made for towers with a class token, which "
            "SigLIP's has not"
        )
    name, number = encoder.config.norm_after(last), setting.layers.index(last)
    norm = [encoder[f"{PREFIX}{name}.{part}"] for part in ("weight", "bias")]
    further = PROJECTION in encoder.state and last == encoder.config.num_hidden_layers
    seen = []
    for taps in features_of(images, setting, COPIES).values():
        token = taps[:, number].astype(np.float64)
        off = token - token.mean(axis=1, keepdims=True)
        scaled = off / np.sqrt((off**2).mean(axis=1, keepdims=True) + encoder.config.layer_norm_eps)
        embeddings = scaled * norm[0] + norm[1]
        if further:
            embeddings = embeddings @ encoder[PROJECTION].T
        seen.append(project(embeddings.astype(np.float32)))
    return np.stack(seen, axis=1)


def write_reference(dataset: Dataset, folder: Path, protocol: Protocol) -> DriftReference:
    """Write the reference of a fitted head beside it, and name it in its record.

    Scores are those of heads that never saw an image's source, as in the evaluation: what a head
    says of images it learnt from is surer than what it says of new ones, which would look like
    drift.

    Raises
    ------
    DatasetError
        If the images are too few, or not those that the head learnt from.
    training.head.HeadError, detector.package.PackageError
        If the folder holds no fitted head, or it was altered.
    """
    record, head = read_head(folder)
    # Also of sources that were left out of what it learnt from: live images are of such, too.
    images = choose(dataset.images)
    encoder = weights.load(protocol.encoder or embedded.encoder_of(record), protocol.cache)
    setting = Setting(
        encoder, protocol.cache, protocol.threads, protocol.progress, record.preprocessing
    )
    subject = head_subject(dataset.images, record, head, setting)
    logits = subject.score(images, COPIES)
    log_odds = record.calibration.log_odds(np.stack([logits[c] for c in COPIES], axis=1))
    seen = projected(images, encoder, max(head.layers), setting)
    data = f"{len(images)} images of {dataset.root.name}, as found and as the web passes them on"
    reference = make_reference(observed(images, log_odds, seen), data)
    if reference is None:
        raise DatasetError(
            "these images are too few for a drift reference; add sources, or images of the class "
            "that lacks them"
        )
    (folder / DRIFT_FILE).write_text(reference.model_dump_json() + "\n", encoding="utf-8")
    named = record.model_copy(update={"drift": describe_file(folder / DRIFT_FILE)})
    (folder / RECORD_FILE).write_text(named.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return reference
