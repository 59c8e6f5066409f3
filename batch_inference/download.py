"""The quick way to whole objects: obstore, which works beside the interpreter.

A GET takes a quarter of the processor time that it takes botocore, and holds up no other thread
meanwhile: ``benchmarks/clients.json``. It only ever succeeds: whatever is unusual about an object
or an answer is left to :class:`batch_inference.reader.Reader`, which asks S3 again and knows what
it says.
"""

import re
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from obstore import get
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError
from obstore.store import S3Store

from batch_inference import log
from batch_inference.reader import selector
from detector.manifest import ManifestEntry

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore import GetOptions

# obstore may write other keys in its own way, and an object of that name may exist too.
PLAIN = re.compile(r"[\w./=+@,()'! -]+", re.ASCII)
# After that, boto3 is asked for credentials again; its own it renews well before they end.
RENEWED = timedelta(minutes=5)
CONNECT = timedelta(seconds=5)
STALL = timedelta(seconds=20)
WHOLE = timedelta(minutes=5)
# So many failures in a row are no accident: a bucket of another region, a proxy, another CA, or S3
# that does not answer. Then it is left alone for a while, seconds.
HOPELESS = 16
REST = 60.0


class Downloads:
    """Fetches whole objects, or nothing; safe to use from many threads.

    Parameters
    ----------
    session, s3
        Whose credentials, and which region and endpoint.
    """

    def __init__(self, session: boto3.Session, s3: "S3Client") -> None:
        self._session = session
        self._region, self._endpoint = s3.meta.region_name, s3.meta.endpoint_url
        self._stores: dict[str, S3Store] = {}
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def fetch(self, entry: ManifestEntry) -> bytes | None:
        """Return the very object that an entry names; None where the quick way does not have it."""
        options = chosen(entry)
        if options is None or time.monotonic() < self._rests_until:
            return None
        try:
            answer = get(self._store(entry.bucket), entry.key, options=options)
            if answer.meta["size"] != entry.size:
                return None
            data = answer.bytes().to_bytes()
        except (FileNotFoundError, PermissionDeniedError, PreconditionError):
            return None
        except (BaseError, OSError, ValueError) as error:
            self._fail(error)
            return None
        self._failures = 0
        return data if len(data) == entry.size else None

    def _store(self, bucket: str) -> S3Store:
        with self._lock:
            if bucket not in self._stores:
                self._stores[bucket] = S3Store(
                    bucket,
                    region=self._region,
                    endpoint=self._endpoint,
                    virtual_hosted_style_request=False,
                    credential_provider=Boto3CredentialProvider(self._session, ttl=RENEWED),
                    client_options={
                        "allow_http": self._endpoint.startswith("http://"),
                        "connect_timeout": CONNECT,
                        "read_timeout": STALL,
                        "timeout": WHOLE,
                    },
                    retry_config={"max_retries": 0},
                )
            return self._stores[bucket]

    def _fail(self, error: Exception) -> None:
        # Threads may lose a count to each other; the bound need not be exact.
        self._failures += 1
        if self._failures == HOPELESS:
            self._rests_until = time.monotonic() + REST
            self._failures = 0
            log.warning("objects are fetched by botocore for a while", error=str(error)[:300])


def chosen(entry: ManifestEntry) -> "GetOptions | None":
    """Return how to ask for exactly the object of an entry; None where that cannot be done."""
    if not entry.size or not is_plain(entry.key):
        return None
    named = selector(entry)
    if "VersionId" in named:
        return {"version": named["VersionId"]}
    return {"if_match": named["IfMatch"]} if "IfMatch" in named else None


def is_plain(key: str) -> bool:
    """Tell whether a key is one that every client writes in the same way."""
    segments = key.split("/")
    return bool(PLAIN.fullmatch(key)) and not {"", ".", ".."} & set(segments)
