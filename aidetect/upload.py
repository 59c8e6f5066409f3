"""Puts a drop into the intake bucket, many files at a time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from aidetect.errors import AidetectError
from aidetect.explanation import explain
from aidetect.source import Drop, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THREADS = 16


class UploadError(AidetectError, RuntimeError):
    """A file did not reach the bucket."""


def upload(
    s3: "S3Client", bucket: str, drop: Drop, advance: Callable[[Upload], None] = lambda _: None
) -> None:
    """Upload every file of a drop.

    Parameters
    ----------
    advance
        Called once for each file that has arrived.

    Raises
    ------
    UploadError
        If a file cannot be read or uploaded; names the file. Files already there stay, and are
        scored.
    """
    # One thread per file already: no threads inside a transfer on top.
    config = TransferConfig(use_threads=False)

    def put(item: Upload) -> Upload:
        try:
            s3.upload_file(str(item.path), bucket, item.key, Config=config)
        except (OSError, UnicodeError, ClientError, BotoCoreError, S3UploadFailedError) as error:
            raise UploadError(f"{item.path} was not uploaded: {explain(error)}") from error
        return item

    with ThreadPoolExecutor(THREADS, thread_name_prefix="upload") as pool:
        futures = [pool.submit(put, item) for item in drop.uploads]
        try:
            for future in as_completed(futures):
                advance(future.result())
        except BaseException:  # Ctrl-C too: what is not on its way yet need not go
            pool.shutdown(cancel_futures=True)
            raise
