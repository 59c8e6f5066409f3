"""Objects and parameters on disk, so that they outlive the emulator.

An object is two files named by the SHA-256 of its key: the body, and its headers as JSON. The
headers are written last and by renaming, so an object is there whole or not at all, whenever the
emulator is killed.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote


@dataclass(frozen=True)
class StoredObject:
    """What is kept of an object beside its body.

    Attributes
    ----------
    key : str
        The key as it is, never encoded.
    headers : mapping
        ``ContentType``, ``CacheControl`` and the like, by their names in PutObject.
    metadata : mapping
        The user's own metadata.
    """

    key: str
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old one or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


class ObjectStore:
    """The folder of the objects: ``<root>/<bucket>/<hash>.json`` and ``.body``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, bucket: str, key: str) -> Path:
        name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self.root / quote(bucket, safe="") / f"{name}.json"

    def save(self, bucket: str, stored: StoredObject, body: IO[bytes]) -> None:
        """Write an object."""
        path = self._path(bucket, stored.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)
        part.replace(path.with_suffix(".body"))
        write_atomically(path, json.dumps(asdict(stored)))

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; nothing when it is not there."""
        path = self._path(bucket, key)
        path.unlink(missing_ok=True)
        path.with_suffix(".body").unlink(missing_ok=True)

    def buckets(self) -> list[str]:
        """Give the names of the buckets of which something is kept."""
        if not self.root.is_dir():
            return []
        return sorted(unquote(p.name) for p in self.root.iterdir() if p.is_dir())

    def objects(self, bucket: str) -> Iterator[tuple[StoredObject, Path]]:
        """Give a bucket's objects, each with the path of its body."""
        folder = self.root / quote(bucket, safe="")
        for path in sorted(folder.glob("*.json")):
            body = path.with_suffix(".body")
            if body.is_file():
                yield StoredObject(**json.loads(path.read_text(encoding="utf-8"))), body


class ParameterStore:
    """The file of the SSM parameters: names to values."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> dict[str, str]:
        """Give the parameters; none where there is no file."""
        if not self.path.is_file():
            return {}
        found: dict[str, str] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    def save(self, parameters: Mapping[str, str]) -> None:
        """Write all parameters."""
        write_atomically(self.path, json.dumps(dict(parameters), indent=1, sort_keys=True))
