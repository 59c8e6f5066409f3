"""Posts an event to a URL, signed, so that the receiver can tell it from anybody else's.

The receiver computes HMAC-SHA256 of the body's bytes with the shared secret and compares it, in
constant time, with the header ``X-Aidetect-Signature: sha256=<hex>``. Answer 2xx within ten
seconds; otherwise the function fails and Lambda tries twice more, then the event goes to the
dead-letter queue. The same event may come twice: ``id`` tells.
"""

import hashlib
import hmac
import json
import os
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import boto3

TIMEOUT_SECONDS = 10


class DeliveryError(RuntimeError):
    """The receiver did not take the event."""


class _NoRedirect(HTTPRedirectHandler):
    """Follows nothing: a signed body goes to the URL that was configured, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@cache
def _secret(arn: str) -> bytes:
    found = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    return str(found["SecretString"]).encode()


def signature(secret: bytes, body: bytes) -> str:
    """Return the value of the signature's header."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Post one event.

    Raises
    ------
    DeliveryError
        If the URL is not HTTPS, cannot be reached, or does not answer 2xx.
    """
    url = os.environ["WEBHOOK_URL"]
    if urlsplit(url).scheme != "https":
        raise DeliveryError("WEBHOOK_URL must begin with https://")
    wanted = {name: event[name] for name in ("id", "time", "detail-type", "detail")}
    body = json.dumps(wanted, separators=(",", ":")).encode()
    request = Request(  # noqa: S310 - https, as checked above
        url,
        data=body,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "X-Aidetect-Signature": signature(_secret(os.environ["SECRET_ARN"]), body),
        },
    )
    try:
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
            return {"status": answer.status}
    except OSError as error:  # urllib's errors are among them, those of HTTP, too
        raise DeliveryError(f"event {event['id']} was not taken: {error}") from error
