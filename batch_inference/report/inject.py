"""Gives a report that is about to be opened the way to hand in what a reviewer says.

The page holds one ``<script type="application/json" id="review">``, ``null`` as it is written; and
its policy lets it connect to nowhere. Whoever opens it for a review fills the one and opens the
other, for as long as a presigned URL lives: the stored page never holds a URL that works.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from batch_inference.report.embed import json_text

# Both are ours and stand in the page once, before any text of the batch; see page.html.
_POLICY = re.compile(
    r'(<meta http-equiv="Content-Security-Policy" content="[^"]*?connect-src )[^;"]*'
)
_REVIEW = re.compile(r'(<script type="application/json" id="review">)[^<]*(</script>)')
# A host name as a policy may name it: no space, quote or semicolon can end the directive early.
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
MAX_REVIEWER = 120


class ReviewError(ValueError):
    """A page cannot be opened for review; the message says why."""


@dataclass(frozen=True, slots=True)
class Review:
    """How a reviewer hands in: one PUT of JSONL, as ``application/x-ndjson``, and until when.

    Attributes
    ----------
    put_url
        A presigned URL, http or https. The page PUTs all marks of the sitting to it at each save,
        so the object holds the latest.
    expires_at
        When the URL ends, ISO 8601 with its offset from UTC.
    reviewer
        Who reviews, as kept in each correction; at most 120 characters.
    """

    put_url: str
    expires_at: str
    reviewer: str = ""

    @property
    def origin(self) -> str:
        """The origin of the URL, as a source of a content security policy.

        Raises
        ------
        ReviewError
            If the URL is none, has credentials, or a host that a policy cannot name.
        """
        try:
            parts = urlsplit(self.put_url)
            port = parts.port
        except ValueError as error:
            raise ReviewError(f"the URL to hand in at is not valid: {error}") from error
        host = parts.hostname or ""
        if parts.scheme not in {"http", "https"} or parts.username or not _HOST.fullmatch(host):
            raise ReviewError(
                "the URL to hand in at must be http or https, with a plain host name and no "
                "credentials, as S3 presigns it"
            )
        return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    def check(self) -> None:
        """Refuse what the page could not use.

        Raises
        ------
        ReviewError
            If the URL, the time or the reviewer's name is not as described above.
        """
        _ = self.origin
        try:
            aware = datetime.fromisoformat(self.expires_at).tzinfo is not None
        except ValueError:
            aware = False
        if not aware:
            raise ReviewError(
                f"expires_at is {self.expires_at!r}; it must be ISO 8601 with an offset, such as "
                "2026-01-02T03:04:05+00:00"
            )
        if len(self.reviewer) > MAX_REVIEWER:
            raise ReviewError(f"the reviewer's name has over {MAX_REVIEWER} characters; shorten it")


def with_review(html: str, review: Review) -> str:
    """Return a report that can hand in to ``review.put_url``, and connect to nothing else.

    A page that was given another review before is given this one instead.

    Raises
    ------
    ReviewError
        If the page is no report, or the review is not valid.
    """
    review.check()
    content = json_text(
        {
            "put_url": review.put_url,
            "expires_at": review.expires_at,
            "reviewer": review.reviewer,
        }
    )
    html, policies = _POLICY.subn(lambda found: found[1] + review.origin, html, count=1)
    html, places = _REVIEW.subn(lambda found: found[1] + content + found[2], html, count=1)
    if (policies, places) != (1, 1):
        raise ReviewError("this is no report of a batch, or of another version; make it anew")
    return html
