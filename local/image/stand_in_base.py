"""A Python base made here, for machines that reach no registry of images: to try, not to ship.

Debian 12 with Debian's Python 3.11, as the Dockerfile's own base is Debian 12 with Python 3.11. It
is made once and kept by the container tool under a tag that changes with what it is made of.
"""

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
from pathlib import Path

from local.image.builder import Builder
from local.image.errors import INSTALL, BuilderNotFitError, CommandFailedError, ImageError
from local.progress import Progress, silent

SUITE = "bookworm"
PACKAGES = ("ca-certificates", "python3", "python3-venv")
MIRROR = "http://deb.debian.org/debian"
NAME = "localhost/aidetect-stand-in-base"
# Images that are built on it inherit this, and so can be told from those to ship.
LABEL = "aidetect.stand-in-base"
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"


class StandInError(ImageError):
    """The stand-in base cannot be made here."""


def _trusted() -> bytes:
    """Give this machine's root certificates: its registry may stand behind a proxy of its own."""
    found = os.environ.get("SSL_CERT_FILE") or ssl.get_default_verify_paths().cafile or TRUSTED
    path = Path(found)
    return path.read_bytes() if path.is_file() else b""


def tag(trusted: bytes) -> str:
    """Give the base's name, which changes with what it is made of."""
    recipe = "\n".join((SUITE, *PACKAGES, hashlib.sha256(trusted).hexdigest()))
    return f"{NAME}:{SUITE}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def ensure(builder: Builder, progress: Progress = silent) -> str:
    """Give the name of the base, made at first use: some three minutes.

    Raises
    ------
    BuilderNotFitError
        When the tool is not buildah.
    StandInError
        When debootstrap or root's rights are missing.
    CommandFailedError
        When a command fails, such as for lack of a mirror.
    """
    if builder.name != "buildah":
        raise BuilderNotFitError("a stand-in base", "buildah", builder.name)
    trusted = _trusted()
    name = tag(trusted)
    if builder.has(name):
        return name
    if not shutil.which("debootstrap"):
        raise StandInError(f"a stand-in base needs debootstrap: {INSTALL}")
    if os.geteuid() != 0:
        raise StandInError("debootstrap needs root: run this once with sudo, or give BASE=image")
    progress("Making a stand-in base with debootstrap (once, some three minutes)")
    with tempfile.TemporaryDirectory(prefix="aidetect-base-") as scratch:
        root = Path(scratch, "root")
        _bootstrap(root)
        if trusted:
            (root / TRUSTED.lstrip("/")).write_bytes(trusted)
        _commit(builder, root, name)
    return name


def _bootstrap(root: Path) -> None:
    include = f"--include={','.join(PACKAGES)}"
    command = ["debootstrap", "--variant=minbase", include, SUITE, str(root), MIRROR]
    done = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        raise CommandFailedError(
            command, done.returncode, "\n".join(done.stdout.splitlines()[-15:])
        )
    for archive in root.glob("var/cache/apt/archives/*.deb"):
        archive.unlink()


def _commit(builder: Builder, root: Path, name: str) -> None:
    container = builder.ask("from", "scratch")
    try:
        builder.ask("add", "--quiet", container, f"{root}/", "/")
        # pip and uv read these: only uv would otherwise trust its own list alone.
        variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "SSL_CERT_FILE": TRUSTED,
            "PIP_CERT": TRUSTED,
        }
        words = [word for k, v in variables.items() for word in ("--env", f"{k}={v}")]
        builder.ask("config", *words, "--label", f"{LABEL}=true", container)
        builder.ask("commit", "--quiet", container, name)
    finally:
        builder.ask("rm", container)
