"""obstore (Rust), shared by threads."""

import os

from obstore import get
from obstore.store import S3Store
from shared import Wish, bucket, endpoint, in_threads, measure

STORE = S3Store(
    bucket(),
    region="us-east-1",
    endpoint=endpoint(),
    access_key_id=os.environ["AWS_ACCESS_KEY_ID"],
    secret_access_key=os.environ["AWS_SECRET_ACCESS_KEY"],
    virtual_hosted_style_request=False,
    client_options={"allow_http": True},
)


def fetch(wish: Wish) -> int:
    """Return how many bytes came."""
    key, etag = wish
    return len(get(STORE, key, options={"if_match": etag}).bytes().to_bytes())


measure(in_threads(fetch), "obstore")
