"""Copies a file from one storage to another, without passing it through here where that can be."""

import os
import tempfile
from pathlib import Path

from training.storage import LocalStorage, S3Storage, Storage


def copy(source: Storage, target: Storage, name: str, scratch: Path) -> None:
    """Copy a file of at most 5 GB under the same name.

    Raises
    ------
    MissingFileError
        If it is not there.
    """
    if isinstance(source, S3Storage) and isinstance(target, S3Storage):
        # A tar is far below the 5 GB that one copy request takes.
        target.s3.copy_object(
            Bucket=target.root.bucket,
            Key=target.root.join(name).key,
            CopySource={"Bucket": source.root.bucket, "Key": source.root.join(name).key},
        )
    elif isinstance(source, LocalStorage):
        target.upload(name, source.root / name)
    else:
        descriptor, path = tempfile.mkstemp(dir=scratch)
        os.close(descriptor)
        try:
            source.download(name, Path(path))
            target.upload(name, Path(path))
        finally:
            Path(path).unlink(missing_ok=True)
