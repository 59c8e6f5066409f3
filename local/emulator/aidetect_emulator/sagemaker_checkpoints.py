"""A container's checkpoint folder, kept in step with S3 while it runs.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .sagemaker_channel import download, split_uri

SECONDS = 2.0


class CheckpointSync:
    """Brings the checkpoints of an earlier attempt, then uploads what changes.

    What the container deletes stays in S3.
    """

    def __init__(self, s3: Any, uri: str, folder: Path, seconds: float = SECONDS) -> None:
        self._s3 = s3
        self._uri = uri.rstrip("/") + "/"
        self._folder = folder
        self._seconds = seconds
        self._seen: dict[Path, tuple[int, int]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._often, daemon=True)
        # Why the last upload failed: SageMaker fails the job then, once it has ended.
        self.error = ""

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        download(self._s3, self._uri, self._folder)
        self._seen = self._state()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        self._upload()

    def _state(self) -> dict[Path, tuple[int, int]]:
        found = {}
        for path in self._folder.rglob("*"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                found[path] = (facts.st_mtime_ns, facts.st_size)
        return found

    def _often(self) -> None:
        while not self._over.wait(self._seconds):
            self._upload()

    def _upload(self) -> None:
        bucket, prefix = split_uri(self._uri)
        for path, state in sorted(self._state().items()):
            if self._seen.get(path) == state:
                continue
            key = prefix + path.relative_to(self._folder).as_posix()
            try:
                self._s3.upload_file(str(path), bucket, key)
            except FileNotFoundError:
                # Renamed or deleted meanwhile, as temporary files are.
                continue
            except Exception as error:  # noqa: BLE001  (whatever it is, the job is to say so)
                self.error = f"checkpoints cannot be uploaded: {error}"
                return
            self._seen[path] = state
