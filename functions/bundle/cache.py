"""Keeps installed, pruned packages between builds, one folder for each set of pins and target."""

import fcntl
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from detector.cache import cache_home
from functions.bundle.install import install
from functions.bundle.prune import prune, settle
from functions.bundle.recipe import Recipe
from functions.bundle.target import Target


def key(recipe: Recipe, target: Target) -> str:
    """Return a name that changes with the pins, the target, or how packages are treated."""
    digest = hashlib.sha256(target.tag.encode())
    digest.update(recipe.requirements.read_bytes())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return f"{recipe.name}-{target.python}-{digest.hexdigest()[:16]}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def packages(recipe: Recipe, target: Target) -> Path:
    """Return the folder with the bundle's packages, installing them on first use.

    ``sam build`` builds functions side by side, so the first one locks out the others.

    Raises
    ------
    functions.bundle.install.InstallError
        If they cannot be installed.
    """
    home = cache_home() / "bundles"
    home.mkdir(parents=True, exist_ok=True)
    folder = home / key(recipe, target)
    with _locked(home / f"{recipe.name}.lock"):
        if not folder.is_dir():
            # Next to where it goes, so that the rename is atomic.
            with tempfile.TemporaryDirectory(dir=home) as scratch:
                fresh = Path(scratch) / "packages"
                install(recipe.requirements, fresh, target)
                prune(fresh, recipe.prune)
                settle(fresh)
                for old in home.glob(f"{recipe.name}-{target.python}-*"):
                    shutil.rmtree(old)
                fresh.rename(folder)
    return folder
