"""Fetches the pinned detector from S3 and keeps it on this machine, checked before every load."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from batch_inference.s3_error import code_of
from detector.layout import detector_prefix
from detector.package import (
    DESCRIPTION_FILE,
    DetectorPackage,
    Graph,
    PackageError,
    PackageFile,
    check_file,
)
from detector.plan import DetectorRef
from detector.uri import S3Uri

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GONE = frozenset({"NoSuchKey", "NoSuchBucket", "404"})

# What this process has checked, by path: the SHA-256 and how the file was then. Hashing 90 MB takes
# a tenth of a second, which a warm Lambda would spend on every batch.
_Stamp = tuple[int, int, int, int]
_CHECKED: dict[Path, tuple[str, _Stamp | None]] = {}


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


class DetectorStore:
    """Detector packages in S3, cached in a folder that several processes may share."""

    def __init__(self, s3: "S3Client", cache: Path) -> None:
        self._s3 = s3
        self._cache = cache

    def describe(self, ref: DetectorRef) -> DetectorPackage:
        """Read ``detector.json``, from S3 every time: it is small, and says what the rest must be.

        Raises
        ------
        PackageError
            If there is no such detector, or it names itself otherwise.
        ContractError
            If it is not valid.
        """
        where = detector_prefix(ref.bucket, ref.name, ref.version).join(DESCRIPTION_FILE)
        try:
            with self._s3.get_object(Bucket=where.bucket, Key=where.key)["Body"] as body:
                package = DetectorPackage.parse(body.read(), where=str(where))
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            raise PackageError(f"{where} does not exist: publish detector {ref} first") from error
        if (package.name, package.version) != (ref.name, ref.version):
            raise PackageError(
                f"{where} describes {package.name}@{package.version}, not {ref}: it was copied "
                "by hand; publish it under its own name"
            )
        return package

    def fetch(self, ref: DetectorRef, package: DetectorPackage, graph: Graph) -> Path:
        """Return a graph's file in the cache, downloaded once for all processes, and checked.

        Raises
        ------
        PackageError
            If the package lacks the graph, or its bytes in S3 are not what ``detector.json`` says.
        """
        wanted = package.graph(graph)
        folder = self._cache / ref.bucket / ref.name / ref.version
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / f".{wanted.file}.lock"):
            path = folder / wanted.file
            if _CHECKED.get(path) == (wanted.sha256, _stamp(path)):
                return path
            try:
                check_file(folder, wanted)
            except PackageError:
                # Not there yet, or cut off or altered on this machine: what counts is S3's copy.
                self._download(detector_prefix(ref.bucket, ref.name, ref.version), wanted, folder)
            _CHECKED[path] = (wanted.sha256, _stamp(path))
            return path

    def _download(self, prefix: S3Uri, wanted: PackageFile, folder: Path) -> None:
        source = prefix.join(wanted.file)
        with tempfile.TemporaryDirectory(dir=folder) as staging:
            path = Path(staging) / wanted.file
            try:
                self._s3.download_file(source.bucket, source.key, str(path))
            except ClientError as error:
                if code_of(error) not in _GONE:
                    raise
                raise PackageError(f"{source} does not exist; publish it again") from error
            check_file(Path(staging), wanted)
            path.replace(folder / wanted.file)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
