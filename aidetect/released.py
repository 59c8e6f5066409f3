"""The released detectors of a stack."""

from typing import TYPE_CHECKING

from detector.layout import MODELS_PREFIX
from detector.package import DESCRIPTION_FILE, DetectorPackage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def released_detectors(s3: "S3Client", bucket: str) -> list[DetectorPackage]:
    """Return what is wholly published, the oldest first.

    Raises
    ------
    detector.contract.ContractError
        If a description is damaged.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=MODELS_PREFIX)
    keys = (o["Key"] for page in pages for o in page.get("Contents", []))
    found = []
    for key in keys:
        # models/<name>/<version>/detector.json, which is written last.
        if key.count("/") == MODELS_PREFIX.count("/") + 2 and key.endswith(f"/{DESCRIPTION_FILE}"):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            found.append(DetectorPackage.parse(body, where=f"s3://{bucket}/{key}"))
    return sorted(found, key=lambda package: package.created_at)
