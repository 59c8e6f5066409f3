"""A call of a function URL, and its answer.

The format: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from functions.upload.request import MAX_BODY

Answer = dict[str, Any]


class CallError(ValueError):
    """The call cannot be answered with what it asks for; ``status`` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def posted(event: Mapping[str, Any]) -> bytes:
    """Return the body of a POST.

    Raises
    ------
    CallError
        If it is no POST, or its body is too long or damaged.
    """
    method = event["requestContext"]["http"]["method"]
    if method != "POST":
        raise CallError(405, f"{method} is not answered here; POST a folder and names of files")
    body = str(event.get("body") or "")
    if len(body) > MAX_BODY * 4 // 3 + 4:
        raise CallError(413, f"the body is longer than {MAX_BODY:,} bytes; name fewer files")
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CallError(400, "the body is not valid base64") from error


def answer(status: int, document: Mapping[str, Any]) -> Answer:
    """Return an answer as JSON. It holds ways to write, so nobody may keep it."""
    return {
        "statusCode": status,
        "headers": {
            "content-type": "application/json",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
        "body": json.dumps(document),
    }


def refusal(status: int, error: Exception) -> Answer:
    """Return an answer that says what is wrong."""
    found = answer(status, {"error": str(error)})
    if status == 405:
        found["headers"]["allow"] = "POST"
    return found
