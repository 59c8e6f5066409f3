"""Settings of upload."""

from pydantic import Field

from functions.settings import Settings


class UploadSettings(Settings):
    """Where uploads go, and how large a file may be."""

    intake_bucket: str = Field(min_length=1)
    max_image_bytes: int = Field(ge=1)
