"""Chooses whole sources to be kept apart, so that each class has about a given share there."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Protocol

from detector.evaluation import Label

# Up to so many sources every choice is tried (16,384); above, one is improved step by step.
EXHAUSTIVE = 14
# How much the share of sources counts beside the share of images.
VARIETY = 0.25
FORBIDDEN = 100.0
MANY = 200

Counts = Mapping[str, Mapping[Label, int]]
Total = tuple[int, ...]
NOTHING: Total = (0,) * (2 * len(Label))


class Sourced(Protocol):
    """An image of which class, source and split are known."""

    @property
    def label(self) -> Label:
        """Its class."""
        ...

    @property
    def source(self) -> str:
        """Where it was collected."""
        ...

    @property
    def split(self) -> str:
        """Train or test."""
        ...


def count_sources(entries: Iterable[Sourced]) -> dict[str, Counter[Label]]:
    """Count the images of each class by source."""
    counts: dict[str, Counter[Label]] = {}
    for entry in entries:
        counts.setdefault(entry.source, Counter())[entry.label] += 1
    return counts


def sources_of(counts: Counts, label: Label) -> frozenset[str]:
    """Return the sources that have images of a class."""
    return frozenset(source for source, by_class in counts.items() if by_class.get(label))


def _rank(source: str) -> str:
    # An order that says nothing about the sources, and is the same everywhere.
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


class _Aim:
    """How far a choice is from what is wanted, by the images and sources of each class in it."""

    def __init__(self, counts: Counts, share: float, left: int) -> None:
        self._share, self._left = share, left
        self._having = {s: tuple(counts[s].get(label, 0) for label in Label) for s in counts}
        self._all = self.total(counts)

    def total(self, chosen: Iterable[str]) -> Total:
        """Add sources up: images of each class, then sources of each class."""
        total = NOTHING
        for source in chosen:
            total = self.with_source(total, source, 1)
        return total

    def with_source(self, total: Total, source: str, sign: int) -> Total:
        """Return a total with a source added (1) or taken away (-1)."""
        having = self._having[source]
        parts = (*having, *(int(images > 0) for images in having))
        return tuple(old + sign * part for old, part in zip(total, parts, strict=True))

    def cost(self, total: Total) -> float:
        """Say how far it is off; 100 and more where the choice is not allowed."""
        cost, classes = 0.0, len(Label)
        for at in range(classes):
            images, sources = total[at], total[classes + at]
            all_images, all_sources = self._all[at], self._all[classes + at]
            cost += FORBIDDEN * max(0, self._left - (all_sources - sources))
            cost += FORBIDDEN * (sources == 0)
            cost += abs(images / max(1, all_images) - self._share)
            cost += VARIETY * abs(sources / max(1, all_sources) - self._share)
        return round(cost, 9)


def choose_sources(counts: Counts, share: float, *, left: int) -> frozenset[str] | None:
    """Choose sources so that about ``share`` of each class is theirs.

    Parameters
    ----------
    counts
        Images by source and class.
    left
        How many sources of each class must remain.

    Returns
    -------
    The sources, the same for the same counts; None where no choice has a source of each class and
    leaves enough of them.
    """
    names = sorted(counts, key=_rank)
    aim = _Aim(counts, share, left)
    if len(names) <= EXHAUSTIVE:
        choices = (
            frozenset(some) for size in range(1, len(names)) for some in combinations(names, size)
        )
        best = min(choices, key=lambda some: aim.cost(aim.total(some)), default=frozenset[str]())
    else:
        best = _improved(names, aim)
    return None if aim.cost(aim.total(best)) >= FORBIDDEN else best


def _improved(names: list[str], aim: _Aim) -> frozenset[str]:
    """Add, take away or exchange one source as long as that helps."""
    chosen, total = set[str](), NOTHING
    while True:
        cost = aim.cost(total)
        best, step = cost, set[str]()
        for name in names:
            other = aim.cost(aim.with_source(total, name, -1 if name in chosen else 1))
            if other < best:
                best, step = other, {name}
        if not step:
            step = _exchange(names, chosen, total, aim)
        if not step:
            return frozenset(chosen)
        for name in step:
            total = aim.with_source(total, name, -1 if name in chosen else 1)
        chosen ^= step


def _exchange(names: list[str], chosen: set[str], total: Total, aim: _Aim) -> set[str]:
    cost = aim.cost(total)
    # With hundreds of sources single ones are small enough that exchanging them adds nothing.
    for out in sorted(chosen) if len(names) <= MANY else ():
        without = aim.with_source(total, out, -1)
        for name in names:
            if name not in chosen and aim.cost(aim.with_source(without, name, 1)) < cost:
                return {out, name}
    return set()
