"""Finds labelled images below an S3 prefix, or named by a manifest there."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from detector.evaluation import Label
from detector.reason import ImageError, Reason
from detector.uri import SCHEME, S3Uri, UriError
from training.data.found import (
    Found,
    FoundFile,
    fingerprint,
    held_to,
    is_hidden,
    refusal_by_name,
)
from training.data.manifest import MANIFEST, ManifestRow, read_manifest
from training.data.place import DatasetError, Place, place_of, split_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = frozenset({"NoSuchKey", "404", "NotFound"})
_DENIED = frozenset({"AccessDenied", "403"})


@dataclass(frozen=True)
class Listed:
    """One object of a listing; ``name`` is its key below the prefix."""

    name: str
    size: int
    etag: str


def find_bucket(
    s3: "S3Client",
    where: S3Uri,
    *,
    folders: dict[str, Label] | None = None,
    label: Label | None = None,
) -> Found:
    """Find the images below a prefix, by its ``manifest.csv`` or its folders; or of a manifest.

    Parameters
    ----------
    where
        A prefix, or an object whose name ends in ``.csv``.
    folders, label
        As for :func:`training.data.folder.find_folder`.

    Raises
    ------
    DatasetError
        If the manifest is wrong or missing.
    """
    if where.key.lower().endswith(".csv"):
        return _from_manifest(s3, where)
    root = S3Uri(where.bucket, where.key.rstrip("/"))
    listed = list(_list(s3, root))
    if any(item.name == MANIFEST for item in listed):
        return _from_manifest(s3, root.join(MANIFEST), listed)
    files = []
    for item in listed:
        place = place_of(item.name, folders)
        if place is None and label is not None:
            inner = item.name.split("/")[:-1]
            place = Place(label, inner[0] if inner else root.key.rpartition("/")[2])
        if place is not None and not is_hidden(item.name):
            refusal = refusal_by_name(item.name)
            files.append(_file(s3, root.join(item.name), item, place, refusal))
    lines = (f"{i.name}\0{i.size}\0{i.etag}" for i in listed)
    mark = fingerprint([str(root), str(folders), str(label), *lines])
    return Found(str(where), mark, lambda: iter(files), len(files))


def _list(s3: "S3Client", root: S3Uri) -> Iterator[Listed]:
    base = f"{root.key}/" if root.key else ""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=root.bucket, Prefix=base)
    for page in pages:
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield Listed(item["Key"][len(base) :], item["Size"], item["ETag"])


def _from_manifest(s3: "S3Client", where: S3Uri, listed: list[Listed] | None = None) -> Found:
    try:
        answer = s3.get_object(Bucket=where.bucket, Key=where.key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code", "") in _MISSING:
            raise DatasetError(f"{where} does not exist") from error
        raise
    with answer["Body"] as body:
        data = body.read()
    root = S3Uri(where.bucket, where.key.rpartition("/")[0])
    known = {root.join(i.name): i for i in (_list(s3, root) if listed is None else listed)}
    try:
        rows = list(read_manifest(io.StringIO(data.decode(), newline=""), str(where)))
    except UnicodeDecodeError as error:
        raise DatasetError(f"{where} is not a CSV file in UTF-8: {error}") from error
    files, lines = [], []
    for row in rows:
        uri = _target(root, row)
        item = known.get(uri)
        if item is None and uri.bucket == root.bucket and str(uri).startswith(f"{root}/"):
            raise DatasetError(f"{row.where} names {uri}, which does not exist")
        item = item or Listed(row.path, 0, "")
        place = Place(
            row.label, row.source, split_of(row.split, row.where), row.generator, row.licence
        )
        file = _file(s3, uri, Listed(row.path, item.size, item.etag), place)
        files.append(replace(file, read=held_to(file.read, row.sha256)))
        held = f"\0{row.sha256}" if row.sha256 else ""
        lines.append(f"{uri}\0{item.size}\0{item.etag}\0{place}{held}")
    return Found(str(where), fingerprint(lines), lambda: iter(files), len(files))


def _target(root: S3Uri, row: ManifestRow) -> S3Uri:
    if row.path.startswith(SCHEME):
        try:
            return S3Uri.parse(row.path)
        except UriError as error:
            raise DatasetError(f"{row.where}: {error}") from error
    if row.leads_out:
        raise DatasetError(f"{row.where}: path leads out of the folder")
    return root.join(row.path)


def _file(
    s3: "S3Client", uri: S3Uri, item: Listed, place: Place, refusal: ImageError | None = None
) -> FoundFile:
    def read() -> bytes:
        try:
            with s3.get_object(Bucket=uri.bucket, Key=uri.key)["Body"] as body:
                return body.read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING:
                raise ImageError(Reason.MISSING) from error
            if code in _DENIED:
                raise ImageError(Reason.DENIED) from error
            raise
        except BotoCoreError as error:
            raise ImageError(Reason.READ_FAILED, str(error)) from error

    return FoundFile(item.name, place, read, item.size, refusal)
