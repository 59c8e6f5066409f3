"""A pool of decode workers that outlives its shard: a warm Lambda need not start them again."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from batch_inference.decoder import Decoder
from batch_inference.settings import Settings
from detector.package import Preprocessing
from detector.plan import Limits


class Decoders(Protocol):
    """Gives a pool for a shard's time; :class:`Decoder` itself, or :class:`KeptDecoder`."""

    def __call__(
        self, spec: Preprocessing, limits: Limits, settings: Settings, *, thumbnails: bool
    ) -> AbstractContextManager[Decoder]:
        """Return the pool as a context."""
        ...


class KeptDecoder:
    """Keeps the pool of a shard that went well for the next one that asks for the same.

    For one shard after the other, as Lambda invokes. What went wrong ends the pool, since nobody
    knows what its workers are at.
    """

    def __init__(self) -> None:
        self._kept: tuple[object, Decoder] | None = None

    @contextmanager
    def __call__(
        self, spec: Preprocessing, limits: Limits, settings: Settings, *, thumbnails: bool
    ) -> Iterator[Decoder]:
        """Give the kept pool where it is of this kind, else a new one.

        Raises
        ------
        DecoderError
            If workers cannot be started.
        """
        kind = (spec, limits, settings, thumbnails)
        if self._kept and self._kept[0] != kind:
            self.close()
        kept, self._kept = self._kept, None
        decoder = kept[1] if kept else Decoder(spec, limits, settings, thumbnails=thumbnails)
        try:
            yield decoder
        except BaseException:
            decoder.close()
            raise
        self._kept = (kind, decoder)

    def close(self) -> None:
        """End the kept workers."""
        kept, self._kept = self._kept, None
        if kept:
            kept[1].close()
