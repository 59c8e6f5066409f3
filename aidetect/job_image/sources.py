"""What an image is built from, as one archive."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

from aidetect.errors import AidetectError
from local.fingerprint import IGNORED

# What the Dockerfile copies, and itself.
FILES = ("Dockerfile", "pyproject.toml", "uv.lock")
FOLDERS = ("batch_inference", "detector", "training")
# The earliest that a zip can tell: the same sources are the same bytes.
NEVER = (1980, 1, 1, 0, 0, 0)
MODE = 0o644 << 16


class NoSourcesError(AidetectError, FileNotFoundError):
    """This is no checkout of the project, so there is nothing to build from."""


@dataclass(frozen=True)
class Sources:
    """The archive, and the SHA-256 of its bytes in hex."""

    archive: bytes
    sha256: str

    @property
    def key(self) -> str:
        """Where it lies in the models bucket."""
        return f"sources/{self.sha256[:32]}.zip"


def pack(checkout: Path) -> Sources:
    """Pack a checkout. The same files give the same bytes.

    Raises
    ------
    NoSourcesError
        If a part is missing.
    """
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _paths(checkout):
            info = zipfile.ZipInfo(path.relative_to(checkout).as_posix(), NEVER)
            info.external_attr = MODE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())
    data = sink.getvalue()
    return Sources(data, hashlib.sha256(data).hexdigest())


def _paths(checkout: Path) -> list[Path]:
    missing = [n for n in FILES if not (checkout / n).is_file()]
    missing += [n for n in FOLDERS if not (checkout / n).is_dir()]
    if missing:
        raise NoSourcesError(
            f"{checkout} has no {missing[0]}: an image is built from a checkout of the project; "
            "clone it, and run the command of its own virtual environment"
        )
    inside = (p for name in FOLDERS for p in (checkout / name).rglob("*"))
    found = [p for p in inside if p.is_file() and not IGNORED & set(p.parts)]
    return sorted([*(checkout / name for name in FILES), *found])
