"""What every contender needs, of the standard library alone: each runs in its own environment."""

import importlib.metadata
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """What a contender is to do: score photographs with a model, on so many processors."""

    photographs: list[Path]
    models: Path
    threads: int

    @property
    def warm_up(self) -> list[Path]:
        """A few, to be scored before the clock starts."""
        return self.photographs[:8]

    @property
    def sample(self) -> list[Path]:
        """Some, for the times of single stages."""
        return self.photographs[:32]


def read_job() -> Job:
    """Read the command line: folder of photographs, folder of models, threads."""
    photographs, models, threads = sys.argv[1:4]
    return Job(sorted(Path(photographs).iterdir()), Path(models), int(threads))


def start() -> float:
    """Say that the scoring begins, for who counts processor time, and return the time, s."""
    print("begin", flush=True)
    return time.perf_counter()


def stop(begun: float) -> float:
    """Say that it has ended, and return how long it took, s."""
    seconds = time.perf_counter() - begun
    print("end", flush=True)
    return seconds


def milliseconds(work: Callable[[], object], images: int) -> float:
    """Return the wall milliseconds an image that a piece of work takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000 / images


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of installed packages."""
    return {package: importlib.metadata.version(package) for package in packages}


def tell(
    *,
    images: int,
    seconds: float,
    stages: dict[str, float],
    packages: Iterable[str],
    settings: str,
    **further: object,
) -> None:
    """Print the outcome as the last line of standard output.

    Parameters
    ----------
    images, seconds
        How many were scored in which wall time, the model loaded and warm.
    stages
        Wall milliseconds an image of each stage by itself.
    packages
        Whose versions count.
    settings
        What was chosen for this machine, in words.
    further
        Whatever else was found.
    """
    found = {
        "images": images,
        "seconds": round(seconds, 3),
        "stages_ms": {name: round(value, 2) for name, value in stages.items()},
        "versions": versions(*packages),
        "settings": settings,
        **further,
    }
    print(json.dumps(found), flush=True)
