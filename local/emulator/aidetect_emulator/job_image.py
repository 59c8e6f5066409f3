"""A job's container image that lies on this machine: buildah's, unpacked once for each build of it.

Images whose name begins with ``localhost/`` are run as they are; any other name belongs to a
registry, and such a job runs as a process of the checkout.
"""

import hashlib
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = "localhost/"
NEEDED = ("buildah", "chroot", "mount", "unshare")
_lock = threading.Lock()


class ImageError(Exception):
    """The image cannot be run here; the message says what to do."""


@dataclass(frozen=True)
class Root:
    """An image's files, and what it says of the process that runs in them.

    Attributes
    ----------
    path : Path
        Where its root file system lies.
    environ : mapping
        Its variables.
    user : str
        ``uid:gid`` or names that it knows.
    folder : str
        Its working folder.
    """

    path: Path
    environ: Mapping[str, str]
    user: str
    folder: str


def is_here(image: str) -> bool:
    """Say whether the name is that of an image of this machine."""
    return image.startswith(HERE)


def prefix(state: Path) -> str:
    """Give what the names of a stack's working containers begin with."""
    return f"aidetect-{hashlib.sha256(str(state).encode()).hexdigest()[:8]}-"


def unpack(image: str, state: Path) -> Root:
    """Give the root of an image, unpacked anew only where the image was built anew.

    Raises
    ------
    ImageError
        Where this machine cannot run it, or does not have it.
    """
    with _lock:
        found = check(image)
        told = found["OCIv1"]["config"]
        name = prefix(state) + found["FromImageID"][:12]
        if name not in _containers(prefix(state)):
            _buildah("from", "--pull-never", "--name", name, image)
        root = Path(_buildah("mount", name))
    pairs = (text.partition("=") for text in told.get("Env") or [])
    return Root(
        path=root,
        environ={key: value for key, _, value in pairs},
        user=told.get("User") or "0:0",
        folder=told.get("WorkingDir") or "/",
    )


def check(image: str) -> dict[str, Any]:
    """Return what buildah tells of an image that can be run here.

    Raises
    ------
    ImageError
        Without root, a tool, or the image.
    """
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        raise ImageError(f"{missing[0]} is not on PATH: apt-get install buildah util-linux")
    if os.geteuid() != 0:
        raise ImageError("only root can run an image here: start the local stack as root")
    try:
        found: dict[str, Any] = json.loads(_buildah("inspect", "--type", "image", image))
    except ImageError as error:
        raise ImageError("buildah has no such image here: `make image` builds it") from error
    return found


def forget(state: Path) -> int:
    """Remove what was unpacked for a stack, and say how many images that were."""
    if shutil.which("buildah") is None or os.geteuid() != 0:
        return 0
    try:
        names = _containers(prefix(state))
        if names:
            _buildah("rm", *names)
    except ImageError:
        # What a broken buildah keeps is no reason not to end the stack.
        return 0
    return len(names)


def _containers(beginning: str) -> list[str]:
    listed = json.loads(_buildah("containers", "--json") or "[]") or []
    return [c["containername"] for c in listed if c["containername"].startswith(beginning)]


def _buildah(*words: str) -> str:
    command: Sequence[str] = ["buildah", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ImageError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
