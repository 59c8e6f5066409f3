"""A pool of decode workers that outlives its shard: a warm Lambda need not start them again."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from batch_inference.decoder import Decoder
from batch_inference.fork_server import ForkServer
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

    Parameters
    ----------
    server
        Starts the workers; ends with :meth:`close`.
    """

    def __init__(self, server: ForkServer) -> None:
        self._server = server
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
            self._end_kept()
        kept, self._kept = self._kept, None
        decoder = (
            kept[1]
            if kept
            else Decoder(spec, limits, settings, thumbnails=thumbnails, server=self._server)
        )
        try:
            yield decoder
        except BaseException:
            decoder.close()
            raise
        self._kept = (kind, decoder)

    def close(self) -> None:
        """End the kept workers, and their server."""
        self._end_kept()
        self._server.close()

    def _end_kept(self) -> None:
        kept, self._kept = self._kept, None
        if kept:
            kept[1].close()
