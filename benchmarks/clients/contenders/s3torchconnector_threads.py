"""The client below s3torchconnector (AWS's common runtime), shared by threads.

It takes no condition on the ETag, so that it could read another object than was meant.
"""

from s3torchconnectorclient._mountpoint_s3_client import MountpointS3Client
from shared import Wish, bucket, endpoint, in_threads, measure

CLIENT = MountpointS3Client(
    region="us-east-1", user_agent_prefix="", endpoint=endpoint(), force_path_style=True
)


def fetch(wish: Wish) -> int:
    """Return how many bytes came."""
    return len(b"".join(CLIENT.get_object(bucket(), wish[0])))


measure(in_threads(fetch), "s3torchconnectorclient")
