"""Which image is learnt from when: a fixed sequence, so that a place in it is a single number.

Classes are balanced, and sources within a class, by drawing images more or less often; within an
epoch an image is drawn as often as its weight says, rounded down or up, never by luck alone
(systematic sampling). Sampling rather than weighing the loss, since a few heavy images in a small
batch would make its gradient mostly noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.dataset import LabelledImage
from training.probe import balance
from training.tune.errors import TuneError

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Draw:
    """One image's turn.

    Attributes
    ----------
    image
        Its index.
    target
        What it is learnt as: 1 for AI.
    weight
        Of its loss.
    key
        All that random choices about this turn derive from; both members of a pair have the same.
    paired
        Whether it is a member of a pair: a real image re-encoded, and
    rebuilt
        its copy that went through the autoencoder.
    """

    image: int
    target: int
    weight: float
    key: tuple[int, int, int]
    paired: bool = False
    rebuilt: bool = False


class Order:
    """The sequence of draws: ``order[position]``, without end.

    Parameters
    ----------
    images
        What is drawn from.
    seed
        Decides the sequence.
    pairs
        Share of the turns of real images that come with a rebuilt copy right after them. Losses are
        weighed so that classes keep counting equally.

    Raises
    ------
    TuneError
        If a class has no image.
    """

    def __init__(self, images: Sequence[LabelledImage], seed: int, pairs: float = 0.0) -> None:
        self.seed = seed
        weights = balance(images) if images else np.empty(0)
        target = np.array([image.target for image in images], np.int64)
        self._groups = [_by_source(images, target, label) for label in (0, 1)]
        if not all(len(group) for group in self._groups):
            raise TuneError("there are images of one class only to learn from; give both classes")
        self._weights = weights
        ai = len(images) // 2
        self._turns = (len(images) - ai, ai)
        self._pairs = round(pairs * self._turns[0])
        self.epoch_length = len(images) + self._pairs
        real, fake = self._turns[0], self._turns[1] + self._pairs
        # Both classes' losses add up to half of the epoch's.
        self._loss = (self.epoch_length / (2 * real), self.epoch_length / (2 * fake))
        self._epochs: dict[int, tuple[Draw, ...]] = {}

    def __getitem__(self, position: int) -> Draw:
        epoch, number = divmod(position, self.epoch_length)
        if epoch not in self._epochs:
            # Batches ahead may reach into the next epoch; older ones are never asked for again.
            self._epochs = {k: v for k, v in self._epochs.items() if k == epoch - 1}
            self._epochs[epoch] = self._draw(epoch)
        return self._epochs[epoch][number]

    def _draw(self, epoch: int) -> tuple[Draw, ...]:
        rng = np.random.default_rng([self.seed, epoch])
        picks = [
            _systematic(group, self._weights, turns, rng)
            for group, turns in zip(self._groups, self._turns, strict=True)
        ]
        paired = np.zeros(sum(self._turns), np.bool_)
        paired[rng.permutation(self._turns[0])[: self._pairs]] = True
        images = np.concatenate(picks)
        draws: list[Draw] = []
        for number, turn in enumerate(rng.permutation(len(images)).tolist()):
            label, key = int(turn >= self._turns[0]), (self.seed, epoch, number)
            image, pair = int(images[turn]), bool(paired[turn])
            draws.append(Draw(image, label, self._loss[label], key, paired=pair))
            if pair:
                draws.append(Draw(image, 1, self._loss[1], key, paired=True, rebuilt=True))
        return tuple(draws)


def _by_source(images: Sequence[LabelledImage], target: Indices, label: int) -> list[Indices]:
    """Return the indices of a class, one array a source."""
    sources = np.array([image.source for image in images])
    chosen = np.flatnonzero(target == label)
    return [chosen[sources[chosen] == s] for s in sorted(set(sources[chosen].tolist()))]


def _systematic(
    groups: list[Indices], weights: npt.NDArray[np.float64], count: int, rng: np.random.Generator
) -> Indices:
    """Draw ``count`` images, each in proportion to its weight and as evenly as whole numbers go."""
    # Sources stay together, so that a source's share is kept as exactly as an image's.
    images = np.concatenate([rng.permutation(group) for group in groups])
    ends = np.cumsum(weights[images])
    ends *= count / ends[-1]
    at = np.arange(count) + rng.random()
    found: Indices = images[np.searchsorted(ends, at, side="right").clip(max=len(images) - 1)]
    return found
