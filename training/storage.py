"""A folder that may lie on disk or in S3: the one way training reads and writes its files."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from detector.uri import SCHEME, S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONFIG = Config(retries={"mode": "standard", "max_attempts": 6}, max_pool_connections=32)
_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})


class MissingFileError(FileNotFoundError):
    """A file that should be in a storage is not there."""


class Storage(Protocol):
    """Files by name; names use slashes."""

    @property
    def uri(self) -> str:
        """Where it lies, for messages and records."""
        ...

    def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises
        ------
        MissingFileError
            If there is none.
        """
        ...

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:
        """Write a file, all or nothing, replacing what is there."""
        ...

    def upload(self, name: str, path: Path) -> None:
        """Write a file of any size from disk, all or nothing."""
        ...

    def download(self, name: str, path: Path) -> None:
        """Copy a file to disk, all or nothing.

        Raises
        ------
        MissingFileError
            If there is none.
        """
        ...

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        ...

    def names(self, prefix: str = "") -> list[str]:
        """Return the names of all files that begin with a prefix, sorted."""
        ...

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...

    def child(self, name: str) -> "Storage":
        """Return the storage of a folder inside."""
        ...


@dataclass(frozen=True)
class LocalStorage:
    """A folder on disk."""

    root: Path

    @property
    def uri(self) -> str:
        """The folder's path."""
        return str(self.root)

    def read(self, name: str) -> bytes:
        """Return a file's bytes; see :class:`Storage`."""
        try:
            return (self.root / name).read_bytes()
        except FileNotFoundError as error:
            raise MissingFileError(f"{self.root / name} is missing") from error

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:  # noqa: ARG002
        """Write a file; see :class:`Storage`."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(part).replace(target)
        finally:
            Path(part).unlink(missing_ok=True)

    def upload(self, name: str, path: Path) -> None:
        """Copy a file here; see :class:`Storage`."""
        _copy(path, self.root / name)

    def download(self, name: str, path: Path) -> None:
        """Copy a file to elsewhere; see :class:`Storage`."""
        if not (self.root / name).is_file():
            raise MissingFileError(f"{self.root / name} is missing")
        _copy(self.root / name, path)

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        return (self.root / name).is_file()

    def names(self, prefix: str = "") -> list[str]:
        """Return the names of the files here, but for those being written."""
        found = (p for p in self.root.rglob("*") if p.is_file() and not p.name.startswith(".part-"))
        names = (p.relative_to(self.root).as_posix() for p in found)
        return sorted(name for name in names if name.startswith(prefix))

    def delete(self, name: str) -> None:
        """Remove a file."""
        (self.root / name).unlink(missing_ok=True)

    def child(self, name: str) -> "LocalStorage":
        """Return a folder inside."""
        return LocalStorage(self.root / name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    os.close(descriptor)
    try:
        shutil.copyfile(source, part)
        Path(part).replace(target)
    finally:
        Path(part).unlink(missing_ok=True)


@dataclass(frozen=True)
class S3Storage:
    """A prefix in S3."""

    s3: "S3Client"
    root: S3Uri

    @property
    def uri(self) -> str:
        """The prefix as a URI."""
        return str(self.root)

    def _key(self, name: str) -> str:
        return self.root.join(name).key

    def read(self, name: str) -> bytes:
        """Return an object's bytes; see :class:`Storage`."""
        try:
            answer = self.s3.get_object(Bucket=self.root.bucket, Key=self._key(name))
        except ClientError as error:
            raise self._explained(error, name) from error
        with answer["Body"] as body:
            return body.read()

    def write(self, name: str, data: bytes, *, content_type: str = "") -> None:
        """Write an object; see :class:`Storage`."""
        self.s3.put_object(
            Bucket=self.root.bucket,
            Key=self._key(name),
            Body=data,
            ContentType=content_type or "application/octet-stream",
        )

    def upload(self, name: str, path: Path) -> None:
        """Write an object from disk, in parts where it is large."""
        self.s3.upload_file(str(path), self.root.bucket, self._key(name))

    def download(self, name: str, path: Path) -> None:
        """Copy an object to disk; see :class:`Storage`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.s3.download_file(self.root.bucket, self._key(name), str(path))
        except ClientError as error:
            raise self._explained(error, name) from error

    def exists(self, name: str) -> bool:
        """Tell whether an object is there."""
        try:
            self.s3.head_object(Bucket=self.root.bucket, Key=self._key(name))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code", "") in _MISSING:
                return False
            raise
        return True

    def names(self, prefix: str = "") -> list[str]:
        """Return the names of all objects below a prefix of this one."""
        base = self.root.key.rstrip("/") + "/" if self.root.key else ""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.root.bucket, Prefix=base + prefix
        )
        keys = (o["Key"] for page in pages for o in page.get("Contents", []))
        return sorted(key[len(base) :] for key in keys if not key.endswith("/"))

    def delete(self, name: str) -> None:
        """Remove an object."""
        self.s3.delete_object(Bucket=self.root.bucket, Key=self._key(name))

    def child(self, name: str) -> "S3Storage":
        """Return a prefix inside."""
        return S3Storage(self.s3, self.root.join(name))

    def _explained(self, error: ClientError, name: str) -> Exception:
        if error.response.get("Error", {}).get("Code", "") in _MISSING:
            return MissingFileError(f"{self.root.join(name)} is missing")
        return error


def open_storage(where: str | Path, s3: "S3Client | None" = None) -> Storage:
    """Return the storage at a path or an ``s3://`` URI; without ``s3`` a client is made."""
    if isinstance(where, str) and where.startswith(SCHEME):
        return S3Storage(s3 or boto3.client("s3", config=CONFIG), S3Uri.parse(where))
    return LocalStorage(Path(where))
