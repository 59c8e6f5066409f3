"""Builds one of the jobs' images from the Dockerfile."""

import subprocess

from local.image import stand_in_base
from local.image.builder import Builder
from local.image.target import Target
from local.paths import CHECKOUT
from local.progress import Progress, silent


def revision() -> str:
    """Give the checkout's commit, marked where files differ from it; ``unknown`` without git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"],  # noqa: S607
            check=False,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def build(
    builder: Builder,
    target: Target,
    extra: str = "",
    base: str = "",
    *,
    stand_in: bool = False,
    progress: Progress = silent,
) -> str:
    """Build an image and give its name on this machine.

    Parameters
    ----------
    builder, target
        With what, and what.
    extra : str
        Extras of ``pyproject.toml``; by default the target's.
    base : str
        The Python base; by default the Dockerfile's.
    stand_in : bool
        Build on a base made here, and fetch no image.

    Raises
    ------
    ImageError
        When it cannot be built; the message says why.
    """
    wanted = extra or target.extra
    below = stand_in_base.ensure(builder, progress) if stand_in else base
    name = target.image(wanted)
    progress(f"Building {name} with {builder.name}")
    builder.call(
        builder.build_command(target, wanted, revision(), below, pull=not stand_in),
    )
    return name
