"""Puts objects and parameters that outlived an emulator into a new one."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from local.emulator.aidetect_emulator.object_store import ObjectStore, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import NotificationConfigurationTypeDef
    from mypy_boto3_ssm import SSMClient

THREADS = 4
# The headers that PutObject takes and that matter to a reader.
HEADERS = frozenset(
    {
        "CacheControl",
        "ContentDisposition",
        "ContentEncoding",
        "ContentLanguage",
        "ContentType",
    }
)


def restore_objects(store: ObjectStore, s3: "S3Client") -> int:
    """Put the objects back, into the buckets that exist, without announcing them as new.

    Returns
    -------
    int
        How many were put back.
    """
    existing = {b["Name"] for b in s3.list_buckets()["Buckets"]}
    count = 0
    for bucket in store.buckets():
        if bucket in existing:
            count += _restore_bucket(store, bucket, s3)
    return count


def _restore_bucket(store: ObjectStore, bucket: str, s3: "S3Client") -> int:
    found = {**s3.get_bucket_notification_configuration(Bucket=bucket)}
    found.pop("ResponseMetadata", None)
    before = cast("NotificationConfigurationTypeDef", found)
    if before:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})

    def put(item: tuple[StoredObject, Path]) -> None:
        stored, path = item
        headers: dict[str, Any] = {k: v for k, v in stored.headers.items() if k in HEADERS}
        metadata = dict(stored.metadata)
        with path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=stored.key, Body=body, Metadata=metadata, **headers)

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return len(list(pool.map(put, store.objects(bucket))))
    finally:
        if before:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration=before
            )


def restore_parameters(values: Mapping[str, str], ssm: "SSMClient") -> int:
    """Give parameters the values they had.

    Returns
    -------
    int
        How many were set.
    """
    count = 0
    for name, value in values.items():
        try:
            found = ssm.get_parameter(Name=name)["Parameter"].get("Value")
        except ssm.exceptions.ParameterNotFound:
            found = None
        if found != value:
            ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
            count += 1
    return count
