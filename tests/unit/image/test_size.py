"""An image's size, from layers that this test writes as an OCI layout."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from local.image import oci
from local.image.size import report
from local.image.size_table import keep, lines

SITE = "opt/job/lib/python3.11/site-packages"


def layer(**files: bytes) -> bytes:
    """Return a gzipped tar of files by path."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue())


def layout(folder: Path, layers: list[bytes]) -> Path:
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def put(content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}", "size": len(content), "mediaType": kind}

    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    history = [{"created_by": f"/bin/sh -c step {n}"} for n in range(len(layers))]
    config = {"history": [*history, {"created_by": "CMD", "empty_layer": True}]}
    manifest = {
        "config": put(json.dumps(config).encode(), "config"),
        "layers": [put(one, kind) for one in layers],
    }
    entry = put(json.dumps(manifest).encode(), "manifest")
    (folder / "index.json").write_text(json.dumps({"manifests": [entry]}))
    return folder


def sample(folder: Path) -> list[oci.Layer]:
    record = b"numpy/core.py,,\nnumpy-2.3.dist-info/RECORD,,\n"
    return oci.read(
        layout(
            folder,
            [
                layer(**{"usr/bin/python3": b"p" * 500, "etc/gone": b"g" * 40, "var/a/b": b"v"}),
                layer(
                    **{
                        f"{SITE}/numpy/core.py": b"n" * 100,
                        f"{SITE}/numpy/__pycache__/core.cpython-311.pyc": b"c" * 60,
                        f"{SITE}/numpy-2.3.dist-info/RECORD": record,
                        "opt/job/pyvenv.cfg": b"cfg",
                        "etc/.wh.gone": b"",
                        "var/.wh.a": b"",
                    }
                ),
                layer(**{"app/detector/x.py": b"x" * 20}),
            ],
        ),
        text_of="RECORD",
    )


def test_bytes_go_to_the_package_that_brought_them_with_the_bytecode_of_its_modules(
    tmp_path: Path,
) -> None:
    found = report(sample(tmp_path))
    record = len(b"numpy/core.py,,\nnumpy-2.3.dist-info/RECORD,,\n")
    assert found["packages"] == {"numpy": 160 + record, "(environment)": 3}
    assert found["parts"] == {"packages": 163 + record, "code": 20, "base": 500}
    assert found["unpacked"] == 683 + record


def test_what_a_layer_takes_away_is_not_counted_but_is_pulled(tmp_path: Path) -> None:
    layers = sample(tmp_path)
    assert "etc/gone" not in oci.seen(layers)
    assert "var/a/b" not in oci.seen(layers)
    assert report(layers)["layers"][0]["unpacked"] == 541


def test_each_layer_is_told_by_its_instruction(tmp_path: Path) -> None:
    found = report(sample(tmp_path))
    assert [one["made_by"] for one in found["layers"]] == ["step 0", "step 1", "step 2"]
    assert found["packed"] == sum(one["packed"] for one in found["layers"])
    shown = "\n".join(lines("aidetect-scorer:cpu", found))
    assert "numpy" in shown
    assert "step 2" in shown


def test_numbers_of_another_image_stay_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "image.json"
    keep(file, "one", {"packed": 1}, {"revision": "a"})
    keep(file, "two", {"packed": 2}, {"revision": "b"})
    keep(file, "one", {"packed": 3}, {"revision": "c"})
    kept = json.loads(file.read_text())
    assert kept["one"] == {"packed": 3, "revision": "c"}
    assert kept["two"]["packed"] == 2
