"""Objects on their way into a container's folders.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class DownloadError(Exception):
    """A channel's data cannot be put into the container."""


def split_uri(uri: str) -> tuple[str, str]:
    """Give the bucket and the key or prefix of an ``s3://`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def local_name(prefix: str, key: str) -> str:
    """Give the name below the channel's folder of an object that begins with the prefix."""
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    if key.startswith(folder):
        return key[len(folder) :]
    return key[prefix.rfind("/") + 1 :]


def below(s3: Any, uri: str) -> Iterator[tuple[str, str]]:
    """Give (name below the folder, key) of every object that begins with the URI."""
    bucket, prefix = split_uri(uri)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if not found["Key"].endswith("/"):
                yield local_name(prefix, found["Key"]), found["Key"]


def download(s3: Any, uri: str, folder: Path) -> int:
    """Copy every object that begins with the URI into the folder; give their number."""
    bucket, _ = split_uri(uri)
    count = 0
    for name, key in below(s3, uri):
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()):
            raise DownloadError(f"the key {key} leads out of the channel's folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(target))
        count += 1
    return count


def fill(s3: Any, channel: Mapping[str, Any], data: Path) -> None:
    """Fill one channel's folder.

    Raises
    ------
    DownloadError
        When the channel is of a kind that is not known here, or names no object.
    """
    name = channel["ChannelName"]
    source = (channel.get("DataSource") or {}).get("S3DataSource") or {}
    if source.get("S3DataType") != "S3Prefix" or channel.get("InputMode", "File") == "Pipe":
        raise DownloadError(f"channel {name}: here only S3Prefix is read, in modes that give files")
    folder = data / name
    folder.mkdir(parents=True, exist_ok=True)
    if not download(s3, source["S3Uri"], folder):
        raise DownloadError(
            f'Data download failed: No S3 objects found under S3 URL "{source["S3Uri"]}" given '
            "in input data source"
        )
