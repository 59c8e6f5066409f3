"""Puts labelled images into the golden set."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aidetect.source import SourceError, gather
from detector.evaluation import Label
from detector.golden_set import golden_key, golden_prefix, label_of
from detector.manifest import Kind, classify

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Added:
    """How many images are new to the set, were moved from the other label, or were there."""

    new: int = 0
    moved: int = 0
    there: int = 0
    left_out: int = 0


def images_of(s3: "S3Client", bucket: str) -> dict[str, Label]:
    """Return the label of each golden image by its key."""
    where = golden_prefix(bucket)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=where.key)
    keys = (item["Key"] for page in pages for item in page.get("Contents", []))
    return {key: label for key in keys if (label := label_of(key)) is not None}


def add(s3: "S3Client", bucket: str, path: Path, label: Label) -> Added:
    """Put an image, or every image below a folder, into the set; the last label counts.

    Raises
    ------
    SourceError
        If there is no image at the path.
    botocore.exceptions.ClientError
        If S3 refuses.
    """
    there, done = images_of(s3, bucket), Counter[str]()
    for upload in gather(path, "").uploads:
        if classify(upload.path.name) != (Kind.IMAGE, None):
            done["left_out"] += 1
            continue
        data = upload.path.read_bytes()
        digest, suffix = hashlib.sha256(data).hexdigest(), upload.path.suffix
        key = golden_key(label, digest, suffix)
        others = [k for k in there if digest in k and there[k] is not label]
        if not any(digest in k and there[k] is label for k in there):
            s3.put_object(Bucket=bucket, Key=key, Body=data)
            there[key] = label
            done["moved" if others else "new"] += 1
        else:
            done["there"] += 1
        # Once it lies under its new label, and not before.
        for other in others:
            s3.delete_object(Bucket=bucket, Key=other)
            del there[other]
    if set(done) <= {"left_out"}:
        raise SourceError(f"{path} holds no image; name an image, or a folder with images in it")
    return Added(**done)
