"""Why an image has no verdict: one code and one sentence each."""

from enum import StrEnum


class Reason(StrEnum):
    """Reason code of an error row. Codes are part of the result contract: add, never rename."""

    MISSING = "missing"
    DENIED = "denied"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    UNSUPPORTED = "unsupported"
    TRUNCATED = "truncated"
    BOMB = "bomb"
    UNDECODABLE = "undecodable"
    TIMEOUT = "timeout"
    UNSAFE_NAME = "unsafe_name"
    READ_FAILED = "read_failed"
    NOT_SCORED = "not_scored"

    @property
    def sentence(self) -> str:
        """What happened and what the owner of the image can do."""
        return SENTENCES[self]


SENTENCES: dict[Reason, str] = {
    Reason.MISSING: "The object was gone when it was read; upload it again.",
    Reason.DENIED: "The scorer may not read the object; check its bucket policy and KMS key.",
    Reason.EMPTY: "The file has no bytes; the upload probably failed, so repeat it.",
    Reason.TOO_LARGE: "The file is larger than the byte limit; upload a smaller copy.",
    Reason.TOO_SMALL: "The image has too few pixels to hold evidence; use a larger copy.",
    Reason.UNSUPPORTED: "Not a format that is scored: JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF.",
    Reason.TRUNCATED: "The file ends before the image does; upload it again.",
    Reason.BOMB: "It unpacks to more than the limit allows: a decompression bomb; or resize it.",
    Reason.UNDECODABLE: "The file is damaged, encrypted, or not what its header says.",
    Reason.TIMEOUT: "Decoding took longer than the limit; re-save the image and upload it again.",
    Reason.UNSAFE_NAME: "The archive member's name is absolute, holds '..', or is a link.",
    Reason.READ_FAILED: "S3 did not deliver the object after several tries; drop it again.",
    Reason.NOT_SCORED: "The job that should have scored it failed; look at the batch, score again.",
}


class ImageError(Exception):
    """One image cannot be scored. Carries the reason code and a short detail for the error row."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail or reason.sentence}")
        self.reason = reason
        self.detail = detail or reason.sentence
