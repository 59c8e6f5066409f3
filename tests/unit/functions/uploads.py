"""Makes the messages that S3 would send."""

import json
from typing import Any
from urllib.parse import quote_plus

BUCKET = "intake-bucket"


def record(key: str, **changes: Any) -> dict[str, Any]:
    """Return one record of a notification, its key encoded as S3 does."""
    told = {"size": 1024, "eTag": "e", "sequencer": "0055AED6DCD90281E5", **changes}
    told["key"] = quote_plus(key, safe="/")
    return {
        "eventVersion": "2.1",
        "eventName": told.pop("event", "ObjectCreated:Put"),
        "s3": {"bucket": {"name": told.pop("bucket", BUCKET)}, "object": told},
    }


def body(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": list(records)})


def event(*bodies: str) -> dict[str, Any]:
    """Return what Lambda's poller hands over."""
    return {"Records": [{"messageId": f"m{i}", "body": text} for i, text in enumerate(bodies)]}
