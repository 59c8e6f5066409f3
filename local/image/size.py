"""How large an image is: bytes by layer, as a host pulls them and as files, and by package."""

import csv
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.image import oci
from local.image.builder import Builder
from local.image.errors import BuilderNotFitError

PACKAGES = "opt/job/"
CODE = "app/"
CACHE = "/__pycache__/"


def measure(builder: Builder, image: str) -> dict[str, Any]:
    """Measure an image of this machine.

    Returns
    -------
    dict
        ``layers``, the lowest first, each with ``made_by``, ``packed`` (bytes of gzip that a host
        pulls) and ``unpacked``; ``packages``, bytes by distribution, the largest first; ``parts``,
        bytes of the base, the packages and our code; ``packed`` and ``unpacked`` of the whole.

    Raises
    ------
    BuilderNotFitError
        With docker, which writes no OCI layout of an image.
    CommandFailedError
        When the image is not here.
    """
    if builder.name == "docker":
        raise BuilderNotFitError("measuring an image", "buildah or podman", builder.name)
    with tempfile.TemporaryDirectory(prefix="aidetect-size-", dir="/var/tmp") as folder:
        builder.ask("push", "--quiet", image, f"oci:{folder}/image")
        return report(oci.read(Path(folder, "image"), text_of="RECORD"))


def report(layers: list[oci.Layer]) -> dict[str, Any]:
    """Give the measures of an image's layers."""
    files = oci.seen(layers)
    return {
        "packed": sum(layer.packed for layer in layers),
        "unpacked": sum(files.values()),
        "parts": _parts(files),
        "layers": [
            {"made_by": one.made_by, "packed": one.packed, "unpacked": one.unpacked}
            for one in layers
            if one.files
        ],
        "packages": packages(files, oci.texts(layers)),
    }


def packages(files: Mapping[str, int], records: Mapping[str, str]) -> dict[str, int]:
    """Give the bytes of each installed distribution, by the RECORD that it came with.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    owners: dict[str, str] = {}
    for path, text in records.items():
        site, _, folder = path.removesuffix("/RECORD").rpartition("/")
        name = folder.removesuffix(".dist-info").rpartition("-")[0].lower().replace("_", "-")
        for row in csv.reader(text.splitlines()):
            owners[f"{site}/{row[0]}"] = name
    found: Counter[str] = Counter()
    for path, size in files.items():
        if path.startswith(PACKAGES):
            found[owners.get(path) or owners.get(_source(path)) or "(environment)"] += size
    return dict(found.most_common())


def _source(path: str) -> str:
    """Give the module that a file of bytecode was compiled from."""
    folder, cache, name = path.rpartition(CACHE)
    return f"{folder}/{name.partition('.')[0]}.py" if cache else path


def _parts(files: Mapping[str, int]) -> dict[str, int]:
    parts = {"packages": 0, "code": 0, "base": 0}
    for path, size in files.items():
        whose = "packages" if path.startswith(PACKAGES) else None
        parts[whose or ("code" if path.startswith(CODE) else "base")] += size
    return parts
