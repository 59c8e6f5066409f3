"""What S3 tells of an upload, in the body of an SQS message."""

from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field

from detector.json_text import read_json
from detector.manifest import ManifestEntry, classify
from detector.reason import Reason

TEST_EVENT = "s3:TestEvent"
CREATED = "ObjectCreated:"


class NotificationError(ValueError):
    """A message is no S3 notification."""


class _Part(BaseModel):
    model_config = ConfigDict(populate_by_name=True)


class _Bucket(_Part):
    name: str = Field(min_length=1)


class _Object(_Part):
    key: str = Field(min_length=1)
    size: int | None = None
    etag: str | None = Field(default=None, alias="eTag")
    version: str | None = Field(default=None, alias="versionId")
    sequencer: str | None = None


class _S3(_Part):
    bucket: _Bucket
    object: _Object


class _Record(_Part):
    name: str = Field(alias="eventName")
    s3: _S3


class _Notification(_Part):
    records: list[_Record] = Field(alias="Records")


def read(body: str) -> list[ManifestEntry]:
    """Return the uploads that a message tells of.

    Folder markers (empty objects that end in a slash) and S3's test event give none. The key is
    URL-encoded in the notification and plain in the entry.

    Raises
    ------
    NotificationError
        If the body is no S3 notification.
    """
    try:
        document = read_json(body)
        if isinstance(document, dict) and document.get("Event") == TEST_EVENT:
            return []
        records = _Notification.model_validate(document).records
        entries = [_entry(record.s3) for record in records if record.name.startswith(CREATED)]
    except ValueError as error:
        raise NotificationError(f"not an S3 notification: {error}") from error
    return [entry for entry in entries if not is_folder(entry)]


def _entry(told: _S3) -> ManifestEntry:
    key = unquote_plus(told.object.key)
    kind, reject = classify(key)
    return ManifestEntry(
        bucket=told.bucket.name,
        key=key,
        size=told.object.size,
        etag=told.object.etag,
        version=told.object.version,
        sequencer=told.object.sequencer,
        kind=kind,
        reject=Reason.EMPTY if told.object.size == 0 else reject,
    )


def is_folder(entry: ManifestEntry) -> bool:
    """Tell whether an object is what consoles make to show a folder."""
    return entry.key.endswith("/") and not entry.size
