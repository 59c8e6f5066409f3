"""A storage some of whose folders lie elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from training.storage import Storage


@dataclass(frozen=True)
class OverlayStorage:
    """A storage in which some folders are storages of their own.

    Attributes
    ----------
    rest
        Where everything else lies.
    folders
        Storages by the name of the folder that they stand for, without slashes.
    """

    rest: Storage
    folders: Mapping[str, Storage]

    @property
    def uri(self) -> str:
        """Where most of it lies."""
        return self.rest.uri

    def _find(self, name: str) -> tuple[Storage, str]:
        head, _, tail = name.partition("/")
        if tail and head in self.folders:
            return self.folders[head], tail
        return self.rest, name

    def read(self, name: str) -> bytes:
        """Return a file's bytes; see :class:`training.storage.Storage`."""
        storage, inner = self._find(name)
        return storage.read(inner)

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:
        """Write a file; see :class:`training.storage.Storage`."""
        storage, inner = self._find(name)
        storage.write(inner, data, content_type=content_type)

    def upload(self, name: str, path: Path) -> None:
        """Write a file from disk; see :class:`training.storage.Storage`."""
        storage, inner = self._find(name)
        storage.upload(inner, path)

    def download(self, name: str, path: Path) -> None:
        """Copy a file to disk; see :class:`training.storage.Storage`."""
        storage, inner = self._find(name)
        storage.download(inner, path)

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        storage, inner = self._find(name)
        return storage.exists(inner)

    def names(self, prefix: str = "") -> list[str]:
        """Return the names of all files that begin with a prefix; what a folder hides is left out.

        Only storages that can hold such a name are asked.
        """
        hidden = tuple(f"{folder}/" for folder in self.folders)
        found = [name for name in self.rest.names(prefix) if not name.startswith(hidden)]
        for folder, storage in self.folders.items():
            whole = f"{folder}/"
            if whole.startswith(prefix) or prefix.startswith(whole):
                found += [f"{whole}{name}" for name in storage.names(prefix[len(whole) :])]
        return sorted(found)

    def delete(self, name: str) -> None:
        """Remove a file."""
        storage, inner = self._find(name)
        storage.delete(inner)

    def child(self, name: str) -> Storage:
        """Return the storage of a folder inside."""
        head, _, tail = name.strip("/").partition("/")
        if head not in self.folders:
            return self.rest.child(name)
        return self.folders[head].child(tail) if tail else self.folders[head]
