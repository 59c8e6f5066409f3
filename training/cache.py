"""Where downloads and built packages are kept: outside the repository, written all or nothing."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staging(target: Path) -> Iterator[Path]:
    """Give an empty folder beside ``target`` that is removed again, whatever happens.

    Lying on the same file system, what is made in it can be moved to ``target`` in one step, so a
    reader sees nothing or everything.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_file(source: Path, target: Path) -> None:
    """Move a finished file to its place, replacing what is there."""
    source.replace(target)


def put_folder(source: Path, target: Path) -> None:
    """Move a finished folder to its place, replacing what is there.

    When another process put the same folder there in between, its copy is kept.
    """
    if target.exists():
        stale = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        target.rename(stale / "stale")
        shutil.rmtree(stale, ignore_errors=True)
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise
