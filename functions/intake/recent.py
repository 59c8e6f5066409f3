"""Uploads that this process scored a moment ago, so that a late second telling starts nothing.

S3 and SQS tell of an upload at least once. Equal gatherings give equal manifests and so one batch;
a repetition that arrives in *another* gathering is caught here, as long as it comes to the same
warm function. Free per image, and no guarantee: docs/decisions/004 has the price of one.
"""

from collections.abc import Iterable

from detector.manifest import ManifestEntry

# About 20 MB; the uploads of the last gatherings at their largest.
CAPACITY = 50_000

_Identity = tuple[str, str, str | None, str | None, str | None]


class Recent:
    """A bounded memory of uploads, oldest forgotten first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._seen: dict[_Identity, None] = {}

    def unseen(self, entries: Iterable[ManifestEntry]) -> tuple[ManifestEntry, ...]:
        """Return the entries that were not remembered, in order."""
        return tuple(entry for entry in entries if _identity(entry) not in self._seen)

    def remember(self, entries: Iterable[ManifestEntry]) -> None:
        """Remember uploads whose scoring has started.

        One without a sequencer cannot be told from a later upload of the same bytes, and is not.
        """
        for entry in entries:
            if entry.sequencer is not None:
                self._seen[_identity(entry)] = None
        for identity in list(self._seen)[: max(0, len(self._seen) - self._capacity)]:
            del self._seen[identity]


def _identity(entry: ManifestEntry) -> _Identity:
    return (entry.bucket, entry.key, entry.version, entry.sequencer, entry.etag)
