"""boto3's client, shared by threads."""

import boto3
from botocore.config import Config
from shared import FLIGHT, Wish, bucket, in_threads, measure

S3 = boto3.client("s3", config=Config(max_pool_connections=FLIGHT + 8))


def fetch(wish: Wish) -> int:
    """Return how many bytes came."""
    key, etag = wish
    with S3.get_object(Bucket=bucket(), Key=key, IfMatch=etag)["Body"] as body:
        return len(body.read())


measure(in_threads(fetch), "boto3")
