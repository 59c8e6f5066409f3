"""Unzipped archives by hash."""

import shutil
import tempfile
import zipfile
from pathlib import Path


def unzip_once(archive: Path, name: str, cache: Path) -> Path:
    """Unzip an archive to ``<cache>/<name>`` unless that exists, and give that folder.

    The folder appears by renaming, so what exists is whole. File modes are kept, since zip bundles
    may carry programs.
    """
    target = cache / name
    if target.is_dir():
        return target
    part = Path(tempfile.mkdtemp(dir=cache, prefix=f".{name[:12]}-"))
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            written = Path(opened.extract(info, part))
            mode = (info.external_attr >> 16) & 0o777
            if mode and written.is_file():
                written.chmod(mode | 0o600)
    part.chmod(0o755)
    try:
        part.replace(target)
    except OSError:
        # Another thread was faster; its folder is as good.
        if not target.is_dir():
            raise
        shutil.rmtree(part, ignore_errors=True)
    return target
