"""What of a scorer depends on the machine it runs on, and not on the batch."""

from dataclasses import dataclass, field

from batch_inference.cpus import available_cpus

MIB = 1 << 20


@dataclass(frozen=True)
class Settings:
    """Bounds on concurrency and memory.

    Parameters
    ----------
    fetchers
        GETs in flight. S3 answers the first byte in 20-100 ms, so 32 keep a GPU's worth of images
        coming.
    decoders
        Decode worker processes.
    window
        Images between being handed out and having a row, where not as many as the stages can hold
        (:func:`batch_inference.window.window_of`). Each holds at most one decoded square and a
        thumbnail's pixels, together 260 KB.
    held_bytes
        Bytes of encoded images held at once; one larger image is let in alone.
    decoder_bytes
        Memory a decode worker may take on top of the bare interpreter.
    large_pixels, large_decoders
        Images above this size are decoded by at most so many workers at once, so that the peak of
        memory does not grow with the worker count.
    stop_seconds
        After SIGTERM, how long the chunk at hand may take to finish. ECS kills 30 s after SIGTERM
        by default.
    progress_seconds
        Time between progress lines in the log.
    """

    fetchers: int = 32
    decoders: int = field(default_factory=available_cpus)
    window: int | None = None
    held_bytes: int = 192 * MIB
    decoder_bytes: int = 1280 * MIB
    large_pixels: int = 24_000_000
    large_decoders: int = field(default_factory=lambda: max(1, available_cpus() // 4))
    stop_seconds: float = 20.0
    progress_seconds: float = 5.0
