"""From a tuned encoder to a calibrated detector, by whole sources that tuning did not see."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.training_request import Recipe
from training.adaptation import Adaptation
from training.calibrate import Floats, calibrate
from training.dataset import LabelledImage
from training.degrade import JUDGED, Variant
from training.fitting import Learnt
from training.head import Head

HELD_SOURCES = (
    "Each image is of a source that was kept out of tuning; calibration and threshold were chosen "
    "on these same images."
)


def calibrated(
    begin: Learnt,
    head: Head,
    adaptation: Adaptation,
    held_logits: dict[Variant, Floats],
    held: Sequence[LabelledImage],
    recipe: Recipe,
) -> Learnt:
    """Calibrate a tuned detector and choose its verdict bands.

    Parameters
    ----------
    begin
        The probe that tuning began from.
    head, adaptation
        What tuning came to.
    held_logits
        Logits [N] of each judged variant of the ``held`` images.

    Raises
    ------
    ValueError
        If the tuned detector does no better than chance on the sources kept out.
    """
    logits = np.stack([held_logits[variant] for variant in JUDGED])
    calibration, decision = calibrate(logits, held)
    return replace(
        begin,
        head=head,
        calibration=calibration,
        decision=decision,
        held_out=dict(zip(JUDGED, logits, strict=True)),
        judged=tuple(held),
        method=HELD_SOURCES,
        recipe=recipe,
        adaptation=adaptation,
    )
