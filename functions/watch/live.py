"""Live accuracy of the champion as metrics: what reviewers found of its verdicts lately."""

from collections.abc import Iterable
from datetime import timedelta

from detector.live_accuracy import live_accuracy
from detector.marks import Mark
from detector.metric import Metric, Unit

# What counts as lately: long enough to gather marks, short enough to see a change.
PERIOD = timedelta(days=28)
# Of each class, before a share is told: the 95% interval of a share of 0.9 is then 0.83 to 0.94;
# of 30 marks it would begin at 0.74, where an alarm could be a matter of luck.
LEAST = 100


def live_metrics(marks: Iterable[Mark], champion: str) -> tuple[Metric, ...]:
    """Return how many images of the champion's were marked, and once enough were, its accuracy.

    ``LiveRealAccuracy`` is the share of real photographs not called ai, ``LiveAccuracy`` the mean
    of that and of the share of AI images called ai, both in percent.
    """
    found = next((f for f in live_accuracy(marks) if f.detector == champion), None)
    if found is None:
        return (Metric("LiveMarks", 0),)
    told = [Metric("LiveMarks", found.images)]
    accused, caught = found.real_accused, found.ai_found
    if accused.value is not None and accused.of >= LEAST:
        told.append(Metric("LiveRealAccuracy", 100 * (1 - accused.value), Unit.PERCENT))
        if caught.value is not None and caught.of >= LEAST:
            mean = (1 - accused.value + caught.value) / 2
            told.append(Metric("LiveAccuracy", 100 * mean, Unit.PERCENT))
    return tuple(told)
