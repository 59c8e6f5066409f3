"""Live accuracy: what reviewers found the detector's verdicts to be worth.

Pure counting. Reviewers choose what they look at, so this is no estimate of accuracy on all images:
see :data:`CAVEAT`.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Self

from detector.contract import Part
from detector.evaluation import Label
from detector.marks import Mark, are_disputed, by_reviewer, newest
from detector.verdict import Verdict

# The normal distribution's 97.5% point, for intervals of 95%.
Z = 1.959963984540054
CAVEAT = (
    "Reviewed images are no random sample: a page under review shows first those that teach most, "
    "and a mark does not say in which order they were shown. The shares compare one detector, or "
    "one week, with another that is reviewed alike; they do not say how many of all images are "
    "judged right."
)


class Share(Part):
    """A share of some images, with its Wilson 95% interval; nulls of no images."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def among(cls, count: int, of: int) -> Self:
        """Return ``count`` of ``of`` as a share.

        The interval is Wilson's, which holds for few images and for shares near 0 and 1:
        https://doi.org/10.1080/01621459.1927.10502953
        """
        if of == 0:
            return cls(count=0, of=0, value=None, low=None, high=None)
        share = count / of
        scale = 1 + Z * Z / of
        middle = (share + Z * Z / (2 * of)) / scale
        half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / scale
        low = 0.0 if count == 0 else middle - half
        high = 1.0 if count == of else middle + half
        return cls(count=count, of=of, value=share, low=low, high=high)


class LiveAccuracy(Part):
    """What was found of one detector's verdicts.

    ``images`` have a verdict and a mark, the newest of the image; ``without_verdict`` were marked
    but are error rows, and count nowhere else. ``real_accused``: real photographs called ai.
    ``ai_found``: AI images called ai; ``ai_called_real``: those called real. ``unsure``: of all
    images. ``disputed``: of the images that several reviewers marked, those on which they differ.
    """

    detector: str
    images: int
    without_verdict: int
    real_accused: Share
    ai_found: Share
    ai_called_real: Share
    unsure: Share
    disputed: Share


def live_accuracy(marks: Iterable[Mark]) -> tuple[LiveAccuracy, ...]:
    """Count by detector, in order of its name.

    Parameters
    ----------
    marks
        In any order; of equal moments the later in order is the newer.
    """
    found = defaultdict[str, defaultdict[str, list[Mark]]](lambda: defaultdict(list))
    for mark in marks:
        found[mark.correction.detector][mark.correction.image].append(mark)
    return tuple(_judge(detector, found[detector].values()) for detector in sorted(found))


def _judge(detector: str, images: Iterable[Sequence[Mark]]) -> LiveAccuracy:
    groups = list(images)
    last = [newest(marks).correction for marks in groups]
    judged = [c for c in last if c.verdict is not Verdict.ERROR]
    several = [marks for marks in groups if len(by_reviewer(marks)) > 1]

    def share(label: Label, verdict: Verdict) -> Share:
        seen = [c.verdict for c in judged if c.label is label]
        return Share.among(sum(said is verdict for said in seen), len(seen))

    return LiveAccuracy(
        detector=detector,
        images=len(judged),
        without_verdict=len(last) - len(judged),
        real_accused=share(Label.REAL, Verdict.AI),
        ai_found=share(Label.AI, Verdict.AI),
        ai_called_real=share(Label.AI, Verdict.REAL),
        unsure=Share.among(sum(c.verdict is Verdict.UNSURE for c in judged), len(judged)),
        disputed=Share.among(sum(map(are_disputed, several)), len(several)),
    )
