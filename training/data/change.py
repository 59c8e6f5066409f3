"""Changes to what was found: other sources, no split, fewer images."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from detector.evaluation import Label
from training.data.found import Found, FoundFile, fingerprint
from training.data.place import Place


def placed(found: Found, change: Callable[[Place], Place], mark: str) -> Found:
    """Change the place of every file. ``mark`` tells the change from others."""

    def files() -> Iterator[FoundFile]:
        for file in found.files():
            yield replace(file, place=change(file.place))

    return replace(found, files=files, fingerprint=fingerprint([found.fingerprint, mark]))


def limited(found: Found, limit: int, labels: frozenset[Label] = frozenset(Label)) -> Found:
    """Keep the first images of each class.

    Parameters
    ----------
    limit
        Images of a class; rejected ones count.
    labels
        The classes that there are: when all are full, no more is read.
    """

    def files() -> Iterator[FoundFile]:
        counts = Counter[Label]()
        for file in found.files():
            if counts[file.place.label] < limit:
                counts[file.place.label] += 1
                yield file
                if all(counts[label] >= limit for label in labels):
                    return

    mark = fingerprint([found.fingerprint, f"limit {limit}"])
    return replace(found, files=files, fingerprint=mark, total=0)
