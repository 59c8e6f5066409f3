"""From a text to a dataset: one that is packed, or files that are not packed yet."""

from pathlib import Path
from typing import TYPE_CHECKING

from detector.evaluation import Label
from detector.uri import SCHEME, S3Uri
from training.data.archive import find_archive, is_archive
from training.data.bucket import find_bucket
from training.data.catalog import RECORD_FILE
from training.data.folder import find_folder
from training.data.found import Found
from training.data.place import DatasetError
from training.storage import LocalStorage, S3Storage, Storage, open_storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def storage_at(where: str, beside: Storage | None = None) -> Storage:
    """Return the storage of a dataset, by the client of another storage where it has one."""
    s3 = beside.s3 if isinstance(beside, S3Storage) else None
    return open_storage(where.removesuffix(RECORD_FILE), s3)


def is_packed(storage: Storage) -> bool:
    """Tell whether a packed dataset lies there."""
    return storage.exists(RECORD_FILE)


def find(
    where: str,
    *,
    s3: "S3Client | None" = None,
    folders: dict[str, Label] | None = None,
    label: Label | None = None,
) -> Found:
    """Find the labelled images at a path or an ``s3://`` URI: folder, manifest, archive or prefix.

    Raises
    ------
    DatasetError
        If there is nothing of the kind.
    """
    if where.startswith(SCHEME):
        storage = open_storage(where, s3)
        if not isinstance(storage, S3Storage):
            raise TypeError(f"{where} is no S3 URI")
        return find_bucket(storage.s3, S3Uri.parse(where), folders=folders, label=label)
    path = Path(where).expanduser()
    if path.is_file() and is_archive(path):
        return find_archive(path, folders=folders, label=label)
    if not path.exists():
        raise DatasetError(f"{path} does not exist; name a folder, a .zip or .tar, or an s3:// URI")
    if path.is_file() and path.name == "manifest.csv":
        path = path.parent
    return find_folder(path, folders=folders, label=label)


def find_in(storage: Storage, where: str) -> Found:
    """Find the labelled images of a storage, or of the manifest that ``where`` names in it."""
    if isinstance(storage, LocalStorage):
        return find(where)
    if isinstance(storage, S3Storage):
        return find(where, s3=storage.s3)
    raise DatasetError(f"labelled images cannot be looked for in {storage.uri}")
