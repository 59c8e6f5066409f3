"""An image as an OCI layout: its layers, and the files that one sees in it.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

import gzip
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"


@dataclass
class Layer:
    """One layer: what made it, its bytes as pulled and as files, and the files by path."""

    made_by: str
    packed: int
    files: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def unpacked(self) -> int:
        """Bytes of its files."""
        return sum(self.files.values())


def read(layout: Path, *, text_of: str) -> list[Layer]:
    """Read an image's layers, the lowest first.

    Parameters
    ----------
    layout : Path
        A folder with ``index.json`` and ``blobs`` that holds one image.
    text_of : str
        The name of those files whose text is wanted too.
    """
    (entry,) = _document(layout / "index.json")["manifests"]
    manifest = _document(_blob(layout, entry["digest"]))
    config = _document(_blob(layout, manifest["config"]["digest"]))
    made = [h.get("created_by", "") for h in config["history"] if not h.get("empty_layer")]
    layers = []
    for made_by, described in zip(made, manifest["layers"], strict=True):
        layer = Layer(_told(made_by), described["size"])
        with _opened(_blob(layout, described["digest"]), described["mediaType"]) as stream:
            _take(layer, stream, text_of)
        layers.append(layer)
    return layers


def seen(layers: list[Layer]) -> dict[str, int]:
    """Give the bytes of each file that a container of the image sees."""
    found: dict[str, int] = {}
    for layer in layers:
        for path, size in layer.files.items():
            folder, _, name = path.rpartition("/")
            if name == OPAQUE:
                _drop(found, folder)
            elif name.startswith(WHITEOUT):
                gone = f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/")
                found.pop(gone, None)
                _drop(found, gone)
            else:
                found[path] = size
    return found


def texts(layers: list[Layer]) -> Mapping[str, str]:
    """Give the texts that were read, of the uppermost layer that has each."""
    return {path: text for layer in layers for path, text in layer.texts.items()}


def _drop(found: dict[str, int], folder: str) -> None:
    for path in [p for p in found if p.startswith(f"{folder}/")]:
        del found[path]


def _document(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _blob(layout: Path, digest: str) -> Path:
    algorithm, _, value = digest.partition(":")
    return layout / "blobs" / algorithm / value


def _opened(path: Path, media_type: str) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if media_type.endswith("gzip") else path.open("rb")


def _take(layer: Layer, stream: IO[bytes], text_of: str) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in _files(archive):
            path = str(PurePosixPath(member.name)).lstrip("/")
            layer.files[path] = member.size
            if path.endswith(f"/{text_of}"):
                content = archive.extractfile(member)
                layer.texts[path] = content.read().decode() if content else ""


def _files(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    # A hard link's bytes are counted where they are first.
    return (member for member in archive if member.isfile())


def _told(created_by: str) -> str:
    """Give an instruction as the Dockerfile has it, on one line without the shell before it."""
    line = " ".join(created_by.replace("/bin/sh -c", "").replace("#(nop)", "").split())
    return line or "the base"
