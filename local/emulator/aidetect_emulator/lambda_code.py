"""Lambda archives, unzipped once for each SHA-256 and never copied inside the emulator.

LocalStack stores an archive a second time and unzips it for each function and each start. A bundle
with onnxruntime has 200 MB, which would cost most of the deployment's time.
"""

import base64
import dataclasses
import hashlib
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.services.lambda_ import provider
from localstack.services.lambda_.invocation import lambda_service
from localstack.services.lambda_.invocation.lambda_models import ArchiveCode
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.models import s3_stores

from . import settings
from .code_cache import unzip_once
from .pruning import prune, used

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
UNZIPPED_MAX = 250 * 1024 * 1024
# Two stacks' worth of functions.
CODES_KEPT = 8


@dataclasses.dataclass(frozen=True)
class CachedCode(ArchiveCode):  # type: ignore[misc]
    """An archive whose content lies in the cache."""

    folder: str
    code_sha256: str
    code_size: int

    def generate_presigned_url(self, endpoint_url: str) -> str:  # noqa: ARG002
        return f"file://{self.folder}"

    def is_hot_reloading(self) -> bool:
        return False

    def get_unzipped_code_location(self) -> Path:
        return Path(self.folder)

    def prepare_for_execution(self) -> None:
        """Do nothing: it is there."""

    def destroy_cached(self) -> None:
        """Do nothing: the cache outlives functions."""

    def destroy(self) -> None:
        """Do nothing: the cache outlives functions."""


def _open_object(bucket: str, key: str) -> Any:
    for account in list(s3_stores.values()):
        found = account["us-east-1"].buckets.get(bucket)
        stored = found.objects.get(key) if found is not None else None
        if stored is not None:
            backend = SERVICE_PLUGINS.get_service("s3")._provider._storage_backend
            return backend.open(bucket, stored, mode="r")
    raise InvalidParameterValueException(
        f"Error occurred while GetObject. S3 Error Code: NoSuchKey: s3://{bucket}/{key}",
        Type="User",
    )


def store_s3_bucket_archive(
    archive_bucket: str,
    archive_key: str,
    *_args: Any,
    **_kwargs: Any,
) -> CachedCode:
    """Take the place of LocalStack's function of this name.

    Raises
    ------
    InvalidParameterValueException
        When the object is missing, is no zip, or is larger unzipped than Lambda takes.
    """
    cache = settings.current().code_cache
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".zip-") as folder:
        archive = Path(folder, "code.zip")
        with _open_object(archive_bucket, archive_key) as body, archive.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)
        size = archive.stat().st_size
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        try:
            with zipfile.ZipFile(archive) as opened:
                unzipped = sum(info.file_size for info in opened.infolist())
        except zipfile.BadZipFile as error:
            raise InvalidParameterValueException(
                "Could not unzip uploaded file. Please check your file, then try to upload again.",
                Type="User",
            ) from error
        if unzipped >= UNZIPPED_MAX:
            raise InvalidParameterValueException(
                f"Unzipped size must be smaller than {UNZIPPED_MAX} bytes", Type="User"
            )
        code = unzip_once(archive, digest.hex(), cache)
    used(code)
    prune(cache, CODES_KEPT)
    return CachedCode(str(code), base64.b64encode(digest).decode(), size)


def install() -> None:
    """Replace LocalStack's storing of archives that come from a bucket."""
    for module in (lambda_service, provider):
        if hasattr(module, "store_s3_bucket_archive"):
            module.store_s3_bucket_archive = store_s3_bucket_archive
