"""Deciding where uploads go, and presigning the way there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from detector.layout import INTAKE_PREFIX
from detector.uri import S3Uri
from functions.upload.request import UploadRequest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# An upload must begin within it; one that has begun is let finish.
LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True)
class Offerer:
    """What offering uploads needs: where to, how large, a client that signs, the time, a mark.

    ``mark`` makes the folder of each call its own, so that nobody's file replaces another's.
    """

    bucket: str
    max_bytes: int
    s3: "S3Client"
    now: datetime
    mark: str

    def offer(self, request: UploadRequest) -> dict[str, Any]:
        """Return a presigned POST for each file, and how its verdict is found."""
        drop = f"{INTAKE_PREFIX}{request.prefix}/{self.now:%Y%m%dT%H%M%SZ}-{self.mark}/"
        return {
            "drop": str(S3Uri(self.bucket, drop)),
            "expires_at": (self.now + LIFETIME).isoformat(timespec="seconds"),
            "max_bytes": self.max_bytes,
            "uploads": [self._post(name, drop + name) for name in request.files],
            "verdicts": self._verdicts(S3Uri(self.bucket, drop)),
        }

    def _post(self, name: str, key: str) -> dict[str, Any]:
        post = self.s3.generate_presigned_post(
            self.bucket,
            key,
            Conditions=[["content-length-range", 1, self.max_bytes]],
            ExpiresIn=int(LIFETIME.total_seconds()),
        )
        image = str(S3Uri(self.bucket, key))
        return {"file": name, "image": image, "url": post["url"], "fields": post["fields"]}

    def _verdicts(self, drop: S3Uri) -> dict[str, str]:
        # The folder holds nothing that would have to be quoted, see request.py; and the caller, not
        # we, would run the query.
        return {
            "athena": (
                "SELECT image, verdict, probability, reason FROM verdicts "  # noqa: S608
                f"WHERE run_date >= '{self.now:%Y-%m-%d}' AND starts_with(image, '{drop}')"
            ),
            "command": "aidetect verdict IMAGE",
            "event": "ScoringCompleted, whose results prefix holds the rows",
        }
