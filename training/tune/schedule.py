"""How many steps a run has, and the learning rate of each."""

import math
from dataclasses import dataclass

from detector.training_request import Settings
from training.tune.defaults import FINAL_SHARE


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, then a cosine to a small share of the peak.

    ``warmup`` is a number of steps; ``per_step`` the images of one optimiser step.
    """

    steps: int
    warmup: int
    per_step: int

    @property
    def images(self) -> int:
        """Images seen by the end."""
        return self.steps * self.per_step

    def share(self, step: int) -> float:
        """Return the share of the peak rate at which a step, counted from 0, is taken."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return FINAL_SHARE + (1 - FINAL_SHARE) * 0.5 * (1 + math.cos(math.pi * done))


def plan_steps(settings: Settings, epoch: int) -> Schedule:
    """Return the schedule of a run over epochs of ``epoch`` images.

    Every step has its full number of images: the last one takes what it lacks from the next epoch.
    """
    per_step = settings.batch_size * settings.accumulate
    steps = max(1, math.ceil(settings.epochs * epoch / per_step))
    return Schedule(steps, math.ceil(settings.warmup * steps), per_step)
