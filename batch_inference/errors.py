"""What stops a whole shard.

What is wrong with one image is a :class:`detector.reason.ImageError`.
"""


class ScoringError(RuntimeError):
    """A shard cannot go on; what it committed stays, and another attempt resumes there."""


class InterruptedShardError(ScoringError):
    """The machine is being taken back; the chunk at hand was finished or abandoned."""


class DecoderError(ScoringError):
    """Decode workers cannot be started, so no image can be."""


class ReaderError(ScoringError):
    """S3 refuses the scorer itself (credentials, clock) or cannot be reached at all."""


class WriterError(ScoringError):
    """Results cannot be committed."""
