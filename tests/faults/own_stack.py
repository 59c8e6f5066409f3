"""A local stack for one command, gone with all its state afterwards."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local.options import UpOptions
from local.stack import down, up
from tests.faults.scene import Scene, scene
from tests.integration.conftest import free_port
from tests.integration.stack import Stack


@contextmanager
def own_scene(
    parameters: Mapping[str, str],
    seed: int,
    say: Callable[[str], None],
    side: int | None = None,
    *,
    hastened: bool = True,
) -> Iterator[Scene]:
    """Start a stack in a folder of its own and make a scene on it; stop and forget it at the end.

    ``AIDETECT_HOME`` names it from then on.
    """
    with tempfile.TemporaryDirectory(prefix="aidetect-own-") as name:
        folder = Path(name)
        home = folder / "home"
        os.environ["AIDETECT_HOME"] = str(home)
        try:
            up(UpOptions(port=free_port(), parameters=parameters, detector=False), say)
            stack = Stack.running()
            with scene(stack, home, folder, seed, side=side, hastened=hastened) as made:
                yield made
        finally:
            down()
