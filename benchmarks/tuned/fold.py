"""Sources parted into folds: what is judged in a fold comes of sources that it never saw."""

from collections import Counter
from collections.abc import Sequence

from training.dataset import LabelledImage


def part(images: Sequence[LabelledImage], count: int) -> list[frozenset[str]]:
    """Return ``count`` sets of sources, each with about as many images of either class.

    Largest source first, into the fold that it leaves the most even. Nothing is drawn by chance.

    Raises
    ------
    ValueError
        If there are fewer sources than folds, or a fold has images of one class alone.
    """
    sizes: dict[str, Counter[int]] = {}
    for image in images:
        sizes.setdefault(image.source, Counter())[image.target] += 1
    if len(sizes) < count:
        raise ValueError(f"{len(sizes)} sources cannot be parted into {count} folds")
    folds: list[set[str]] = [set() for _ in range(count)]
    held = [Counter[int]() for _ in range(count)]
    for name in sorted(sizes, key=lambda name: (-sizes[name].total(), name)):
        after = [sum(have[t] * sizes[name][t] for t in (0, 1)) for have in held]
        place = min(range(count), key=lambda i: (after[i], held[i].total(), i))
        folds[place].add(name)
        held[place] += sizes[name]
    if any(not have[0] or not have[1] for have in held):
        raise ValueError(f"{count} folds of {len(sizes)} sources leave one with a single class")
    return [frozenset(fold) for fold in folds]
