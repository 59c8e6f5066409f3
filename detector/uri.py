"""The one type for S3 locations and the one way to name an image."""

from typing import NamedTuple, Self

SCHEME = "s3://"
MEMBER_SEPARATOR = "#"


class UriError(ValueError):
    """A text is not an S3 URI."""


class S3Uri(NamedTuple):
    """An object or a prefix in S3, ``s3://bucket/key``. Keys are as they are, never encoded."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split ``s3://bucket/key``.

        Raises
        ------
        UriError
            If the scheme or the bucket is missing, or the text is no Unicode that S3 can store.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UriError(f"{text!r} holds half of a surrogate pair, which no key can") from error
        bucket, _, key = text.removeprefix(SCHEME).partition("/")
        if not text.startswith(SCHEME) or not bucket:
            raise UriError(f"{text!r} is not an S3 URI; expected s3://bucket/key")
        return cls(bucket, key)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}"

    def join(self, *parts: str) -> "S3Uri":
        """Return the location below this one."""
        head = self.key.rstrip("/")
        return S3Uri(self.bucket, "/".join(p for p in (head, *parts) if p))


def image_name(source: S3Uri, member: str | None = None) -> str:
    """Name an image: its object's URI, and ``#member`` when it lies inside an archive."""
    return str(source) if member is None else f"{source}{MEMBER_SEPARATOR}{member}"
