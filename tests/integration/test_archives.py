"""Archives are scored without unpacking, and hostile ones cost rows, not machines."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from detector.layout import INTAKE_PREFIX
from tests.integration.photographs import write_photographs
from tests.integration.stack import Stack

pytestmark = pytest.mark.integration

# Three shards.
MEMBERS = 250


def test_a_tar_of_hundreds_of_images(stack: Stack, tmp_path: Path) -> None:
    images = write_photographs(tmp_path / "images", MEMBERS, seed=2)
    drop = tmp_path / "drop"
    drop.mkdir()
    with tarfile.open(drop / "set é.tar", "w") as tar:
        for path in images:
            tar.add(path, arcname=f"photos/{path.name}")
    before = set(stack.keys(stack.target.outputs.IntakeBucket))
    rows, _ = stack.drop(drop)
    after = set(stack.keys(stack.target.outputs.IntakeBucket))
    assert len(after - before) == 1
    assert after - before == {rows[0]["key"]}
    assert sorted(r["member"] for r in rows) == [f"photos/{p.name}" for p in images]
    assert all(r["image"] == f"s3://{r['bucket']}/{r['key']}#{r['member']}" for r in rows)
    assert all(r["reason"] is None for r in rows)


def test_a_hostile_zip(stack: Stack, tmp_path: Path) -> None:
    (photo,) = write_photographs(tmp_path / "images", 1, seed=3)
    drop = tmp_path / "drop"
    drop.mkdir()
    with zipfile.ZipFile(drop / "hostile.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(photo, "fine" + photo.suffix)
        archive.write(photo, "../../etc/climbs" + photo.suffix)
        archive.writestr("bomb.jpg", io.BytesIO(bytes(200 << 20)).getvalue())
        archive.writestr("readme.txt", "no image")
    rows, _ = stack.drop(drop)
    assert {r["member"]: r["reason"] for r in rows} == {
        "fine" + photo.suffix: None,
        "../../etc/climbs" + photo.suffix: "unsafe_name",
        "bomb.jpg": "bomb",
        "readme.txt": "unsupported",
    }
    assert stack.keys(stack.target.outputs.IntakeBucket, f"{INTAKE_PREFIX}../") == []
