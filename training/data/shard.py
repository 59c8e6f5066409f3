"""Writes one uncompressed tar of images, and says where in it each of them begins."""

import hashlib
import io
import tarfile
from pathlib import Path

from training.data.catalog import ShardFile

# A tar of 256 MiB is one download of seconds, and what a killed packing loses at most.
MAX_BYTES = 256 << 20
MAX_IMAGES = 2_000
SUFFIXES = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"} | {
    "BMP": "bmp", "TIFF": "tif", "AVIF": "avif"
}  # fmt: skip


def shard_name(number: int) -> str:
    """Return the file name of a tar."""
    return f"shard-{number:05d}.tar"


class Shard:
    """One tar being written on disk; the same images give the same bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.images = 0
        self._tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115

    def add(self, sha256: str, format_: str, data: bytes) -> int:
        """Append an image and return the offset of its bytes."""
        info = tarfile.TarInfo(f"{sha256}.{SUFFIXES[format_]}")
        info.size = len(data)
        offset = self._tar.offset + tarfile.BLOCKSIZE
        self._tar.addfile(info, io.BytesIO(data))
        self.images += 1
        return int(offset)

    def has_room(self, size: int, *, max_bytes: int, max_images: int) -> bool:
        """Tell whether another image fits; the first always does."""
        after = self._tar.offset + tarfile.BLOCKSIZE + size
        return self.images == 0 or (self.images < max_images and after <= max_bytes)

    def abandon(self) -> None:
        """Let go of the file; what is in it is of no use."""
        self._tar.close()

    def close(self) -> ShardFile:
        """Finish the tar and describe it."""
        self._tar.close()
        with self.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return ShardFile(
            file=self.path.name,
            sha256=digest,
            bytes=self.path.stat().st_size,
            images=self.images,
        )
