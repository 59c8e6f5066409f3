"""S3's part of the map from calls to permissions, which follows no rule of names."""

from collections.abc import Mapping
from typing import Any

_OBJECT = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteObject": "DeleteObject",
    "GetObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "HeadObject": "GetObject",
    "ListParts": "ListMultipartUploadParts",
    "PutObject": "PutObject",
    "SelectObjectContent": "GetObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
_BUCKET = {
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
}
_VERSIONED = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}


def bucket_arn(bucket: str) -> str:
    """Give a bucket's ARN."""
    return f"arn:aws:s3:::{bucket}"


def object_arn(bucket: str, key: str) -> str:
    """Give an object's ARN. The key stands in it as it is, unencoded."""
    return f"arn:aws:s3:::{bucket}/{key}"


def s3_needs(operation: str, parameters: Mapping[str, Any], source: str) -> list[tuple[str, str]]:
    """Give the (action, resource) pairs of an S3 call.

    Parameters
    ----------
    operation : str
        Botocore's operation name.
    parameters : mapping
        Its parameters.
    source : str
        ``bucket/key`` of a copy's source, decoded; empty when the call is no copy.
    """
    bucket = str(parameters.get("Bucket") or "")
    if operation == "ListBuckets" or not bucket:
        return [("s3:ListAllMyBuckets" if operation == "ListBuckets" else f"s3:{operation}", "*")]
    if operation == "DeleteObjects":
        objects = (parameters.get("Delete") or {}).get("Objects") or []
        return [("s3:DeleteObject", object_arn(bucket, str(o["Key"]))) for o in objects]
    key = str(parameters.get("Key") or "")
    if not key:
        return [(f"s3:{_BUCKET.get(operation, operation)}", bucket_arn(bucket))]
    action = _OBJECT.get(operation, operation)
    if parameters.get("VersionId"):
        action = _VERSIONED.get(action, action)
    pairs = [(f"s3:{action}", object_arn(bucket, key))]
    if source:
        pairs.append(("s3:GetObject", object_arn(*source.split("/", 1))))
    if parameters.get("Tagging"):
        pairs.append(("s3:PutObjectTagging", object_arn(bucket, key)))
    return pairs
