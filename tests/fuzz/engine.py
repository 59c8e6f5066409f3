"""What makes the inputs: atheris, led by coverage; or chance alone, which needs nothing."""

import random
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from tests.fuzz.mutate import at_random, mutated

ATHERIS, CHANCE = "atheris", "chance"
# One input in so many of those that chance makes is mutated further later on.
KEPT = 50
MOST_KEPT = 2000
# Whose coverage leads: ours, and what is written in Python beneath it.
LED_BY = ["batch_inference", "detector", "PIL", "tarfile", "zipfile"]


def available() -> str:
    """Return the better engine that is installed."""
    return ATHERIS if find_spec("atheris") else CHANCE


def instrumented(engine: str) -> AbstractContextManager[Any]:
    """Return what to import the target in, so that its coverage is seen."""
    if engine != ATHERIS:
        return nullcontext()
    import atheris

    # Already loaded modules are not instrumented, and both are small.
    for name in ("tarfile", "zipfile"):
        sys.modules.pop(name, None)
    context: AbstractContextManager[Any] = atheris.instrument_imports(include=LED_BY)
    return context


def drive_atheris(
    one: Callable[[bytes], None], folder: Path, *, runs: int, seed: int, longest: int
) -> NoReturn:
    """Feed inputs until ``runs`` are done; ends the process.

    Parameters
    ----------
    one
        Takes an input.
    folder
        Holds the seeds; what reaches new code is kept there.
    runs, seed, longest
        How many, the first state of chance, bytes of an input.
    """
    import atheris

    chance = random.Random(seed)

    def mutate(data: bytes, max_size: int, _seed: int) -> bytes:
        def any_way(piece: bytes) -> bytes:
            made: bytes = atheris.Mutate(piece, max(1, min(len(piece) + 64, max_size)))
            return made

        way = any_way if chance.random() < 0.8 else (lambda piece: at_random(piece, chance))
        return mutated(data, way, chance)[:max_size]

    arguments = [sys.argv[0], f"-runs={runs}", f"-seed={seed}", f"-max_len={longest}"]
    # Memory, time and signals are watched here and from outside; atheris knows no timeout of none.
    arguments += ["-rss_limit_mb=0", "-timeout=86400", "-print_final_stats=0", "-verbosity=0"]
    arguments += [f"-handle_{name}=0" for name in ("segv", "abrt", "bus", "fpe", "ill", "xfsz")]
    atheris.Setup([*arguments, str(folder)], one, custom_mutator=mutate)
    atheris.Fuzz()
    raise AssertionError("atheris ends the process")


def drive_chance(
    one: Callable[[bytes], None], folder: Path, *, runs: int, seed: int, longest: int
) -> None:
    """Feed the seeds and then inputs made from them; as :func:`drive_atheris`, but returns."""
    chance = random.Random(seed)
    pool = [path.read_bytes() for path in sorted(folder.iterdir())]
    for data in pool[:runs]:
        one(data)
    for _ in range(runs - len(pool)):
        made = mutated(chance.choice(pool), lambda piece: at_random(piece, chance), chance)
        one(made[:longest])
        if chance.randrange(KEPT) == 0 and len(pool) < MOST_KEPT:
            pool.append(made[:longest])
