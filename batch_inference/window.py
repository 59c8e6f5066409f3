"""Of how many images a pipeline holds something at a time."""

from batch_inference.engine import Engine
from batch_inference.settings import Settings

# Full batches handed to the engine for each that it runs at once: the next one begins while the
# rows of the last are still made.
AHEAD = 2


def window_of(settings: Settings, engine: Engine) -> int:
    """Return of how many images something may be held: enough for no stage to wait for room.

    One is with each fetcher and each decoder, and the engine has the batches that it runs, those
    that wait at it and one that fills up. More would only be held.
    """
    if settings.window is not None:
        return settings.window
    batches = (AHEAD + 1) * engine.lanes
    return settings.fetchers + settings.decoders + batches * engine.batch_size
