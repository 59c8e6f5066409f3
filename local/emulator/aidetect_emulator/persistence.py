"""Watches the buckets and parameters of the emulator, and keeps them on disk."""

import io
import logging
import threading
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.handlers import run_custom_response_handlers
from localstack.services.plugins import SERVICE_PLUGINS
from localstack.services.s3.models import s3_stores
from moto.ssm.models import ssm_backends

from . import settings
from .object_store import ObjectStore, ParameterStore, StoredObject

LOG = logging.getLogger(__name__)
SAVE_SECONDS = 1.0
# Deployment packages are made anew by every deployment.
SKIPPED_PREFIXES = ("awslambda-", "aidetect-deploy-")
_WRITES = frozenset(
    {"PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject", "PostObject"}
)
_PARAMETER_WRITES = frozenset({"PutParameter", "DeleteParameter", "DeleteParameters"})


class Persistence:
    """Notes what changed with each call, and saves it about once a second and at the end."""

    def __init__(self, objects: ObjectStore, parameters: ParameterStore) -> None:
        self._objects = objects
        self._parameters = parameters
        # In order of their last change, and saved so: after a kill there is no summary whose rows
        # are gone.
        self._dirty: dict[tuple[str, str], None] = {}
        self._dirty_parameters: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name="persistence")

    def start(self) -> None:
        """Start to save."""
        self._thread.start()

    def stop(self) -> None:
        """Save what is left and end."""
        self._stop.set()
        self._save()

    def __call__(self, _chain: Any, context: RequestContext, response: Any) -> None:
        """Note what a call changed. A response handler of LocalStack."""
        if context.operation is None or response.status_code >= 300:
            return
        name = context.operation.name
        request = context.service_request or {}
        if context.service.service_name == "s3":
            bucket = str(request.get("Bucket") or "")
            keys = [str(request["Key"])] if name in _WRITES and request.get("Key") else []
            if name == "DeleteObjects":
                keys = [str(o["Key"]) for o in (request.get("Delete") or {}).get("Objects", [])]
            if keys and not bucket.startswith(SKIPPED_PREFIXES):
                with self._lock:
                    for key in keys:
                        self._dirty.pop((bucket, key), None)
                        self._dirty[bucket, key] = None
        elif name in _PARAMETER_WRITES and not _is_deployment(context):
            names = request.get("Names") or [request["Name"]]
            with self._lock:
                self._dirty_parameters.update((context.region, str(name)) for name in names)

    def _loop(self) -> None:
        while not self._stop.wait(SAVE_SECONDS):
            self._save()

    def _save(self) -> None:
        with self._saving:
            with self._lock:
                dirty, self._dirty = self._dirty, {}
                parameters, self._dirty_parameters = self._dirty_parameters, set()
            for bucket, key in dirty:
                try:
                    self._save_object(bucket, key)
                except Exception:
                    LOG.warning("could not keep s3://%s/%s", bucket, key, exc_info=True)
            if parameters:
                self._save_parameters(parameters)

    def _save_object(self, bucket: str, key: str) -> None:
        found = _find_bucket(bucket)
        stored = found.objects.get(key) if found is not None else None
        if stored is None or getattr(stored, "size", None) is None:
            self._objects.delete(bucket, key)
            return
        kept = StoredObject(
            key=key,
            headers={k: str(v) for k, v in stored.system_metadata.items()},
            metadata=dict(stored.user_metadata),
        )
        backend = SERVICE_PLUGINS.get_service("s3")._provider._storage_backend
        with backend.open(bucket, stored, mode="r") as body:
            self._objects.save(bucket, kept, io.BufferedReader(_Raw(body)))

    def _save_parameters(self, names: set[tuple[str, str]]) -> None:
        values = self._parameters.load()
        for region, name in names:
            value = _find_parameter(region, name)
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        self._parameters.save(values)


def _is_deployment(context: RequestContext) -> bool:
    """Say whether CloudFormation makes the call: its defaults must not replace what was kept."""
    principal = (context.internal_request_params or {}).get("service_principal")
    return context.is_internal_call and principal in (None, "cloudformation")


class _Raw(io.RawIOBase):
    """A stored object as a raw stream, which is what copying wants."""

    def __init__(self, source: Any) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._source.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)


def _find_bucket(name: str) -> Any:
    for account in list(s3_stores.values()):
        found = account["us-east-1"].buckets.get(name)
        if found is not None:
            return found
    return None


def _find_parameter(region: str, name: str) -> str | None:
    # In the store, as buckets: at the last save, calls are answered no more.
    for account in list(ssm_backends.values()):
        found = account[region].get_parameter(name)
        if found is not None:
            return str(found.value)
    return None


def install() -> Persistence:
    """Start to watch."""
    here = settings.current()
    persistence = Persistence(ObjectStore(here.objects), ParameterStore(here.parameters))
    run_custom_response_handlers.append(persistence)
    persistence.start()
    return persistence
