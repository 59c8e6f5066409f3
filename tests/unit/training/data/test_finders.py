"""Finders: the same images in a folder, an archive, a prefix or a manifest."""

import hashlib
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detector.evaluation import Label
from detector.uri import S3Uri
from tests.unit.training.data.conftest import BUCKET
from tests.unit.training.data.pictures import labelled, packed_at, png, put
from training.data.archive import find_archive
from training.data.found import Found, joined
from training.data.locate import find, find_in, is_packed
from training.data.manifest import read_manifest
from training.data.pack import pack
from training.data.place import DatasetError, Place, place_of, split_of
from training.storage import LocalStorage, S3Storage, open_storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def places(found: Found) -> dict[str, Place]:
    return {file.name: file.place for file in found.files()}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("real/a.png", Place(Label.REAL, "real")),
        ("real/alps/a.png", Place(Label.REAL, "alps")),
        ("real/alps/deep/a.png", Place(Label.REAL, "alps")),
        ("AI/flux/a.png", Place(Label.AI, "flux", generator="flux")),
        ("set/real/a.png", Place(Label.REAL, "set")),
        ("set/ai/flux/a.png", Place(Label.AI, "set/flux", generator="flux")),
        ("train/real/alps/a.png", Place(Label.REAL, "alps", "train")),
        ("set/Test/ai/flux/a.png", Place(Label.AI, "set/flux", "test", "flux")),
        ("real/ai/a.png", Place(Label.REAL, "ai")),
        ("real.png", None),
        ("other/a.png", None),
    ],
)
def test_a_place_is_read_from_the_path(name: str, place: Place | None) -> None:
    assert place_of(name) == place


def test_other_folders_may_name_the_classes() -> None:
    folders = {"fake": Label.AI, "real": Label.REAL}
    assert place_of("train/FAKE/a.png", folders) == Place(Label.AI, "ai", "train")
    assert place_of("ai/a.png", folders) is None


@pytest.mark.parametrize(
    ("word", "split"),
    [("train", "train"), ("val", "test"), ("Validation ", "test"), ("test", "test"), ("", "")],
)
def test_split_words(word: str, split: str) -> None:
    assert split_of(word, "here") == split


def test_an_unknown_split_is_explained() -> None:
    with pytest.raises(DatasetError, match="here: split 'holdout' is none of train, val"):
        split_of("holdout", "here")


def manifest(root: Path) -> Path:
    lines = ["path,label,source_repo,split,generator,licence"]
    for path in sorted(root.rglob("*.png")):
        name = path.relative_to(root)
        lines.append(f"{name},{name.parts[0]},from-{name.parts[1]},val,g,CC0")
    return put(root / "manifest.csv", "\n".join(lines).encode())


def archived(root: Path, suffix: str, prefix: str = "") -> Path:
    path = root.parent / f"in{suffix}"
    files = sorted(p for p in root.rglob("*") if p.is_file())
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, f"{prefix}{file.relative_to(root)}")
    else:
        with tarfile.open(path, "w") as tar:
            for file in files:
                tar.add(file, f"{prefix}{file.relative_to(root)}")
    return path


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive_is_like_its_folder(
    tmp_path: Path, suffix: str, listed: bool, prefix: str
) -> None:
    root = labelled(tmp_path / "in")
    if listed:
        manifest(root)
    path = archived(root, suffix, prefix)
    folder, archive = find(str(root)), find(str(path))
    assert places(folder) == places(archive)
    one, other = packed_at(tmp_path / "1", folder), packed_at(tmp_path / "2", archive)
    assert one.record.digest == other.record.digest
    assert archive.fingerprint == find(str(path)).fingerprint


def test_a_manifest_may_lie_one_folder_down(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    manifest(root)
    found = find(str(archived(root, ".zip", "set/")))
    assert places(found)["set/ai/maker-0/0.png"] == Place(
        Label.AI, "from-maker-0", "test", "g", "CC0"
    )


def test_an_archive_that_was_cut_off_is_explained(tmp_path: Path) -> None:
    path = archived(labelled(tmp_path / "in"), ".tar")
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(DatasetError, match="cannot be read to its end"):
        list(find_archive(path).files())


def test_hostile_members_are_rejected(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("real/a/ok.png", png(1))
        archive.writestr("real/../../out.png", png(2))
        archive.writestr("real/a/empty.png", b"")
        archive.writestr("real/a/cut.png", png(3)[:300])
        archive.writestr("__MACOSX/real/._ok.png", b"x")
    record = packed_at(tmp_path, find(str(tmp_path / "in.zip"))).record
    assert record.images == 1
    assert record.reasons == {"empty": 1, "truncated": 1, "unsafe_name": 1}
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("suffix", ["", ".zip"])
def test_a_label_for_what_names_none(tmp_path: Path, suffix: str) -> None:
    root = tmp_path / "in"
    put(root / "alps" / "1.png", png(1))
    put(root / "2.png", png(2))
    path = archived(root, suffix) if suffix else root
    found = find(str(path), label=Label.REAL)
    assert {p.source for p in places(found).values()} == {"alps", "in"}
    assert not places(find(str(path)))


def test_what_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="does not exist; name a folder"):
        find(str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match="is not a folder"):
        find(str(put(tmp_path / "a.txt", b"text")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"path\na.png", r"lacks the columns \['label'\]"),
        (b"path,label\na.png,fake", "line 2: label 'fake' is neither"),
        (b"path,label\n../a.png,ai", "line 2: path leads out of the folder"),
        (b"path,label\n/etc/passwd,ai", "line 2: path leads out of the folder"),
        (b"path,label\nb.png,ai", "line 2 names .*b.png, which does not exist"),
        (b"path,label,split\na.png,ai,other", "line 2: split 'other' is none of"),
        (b"path,label,sha256\na.png,ai,abc", "line 2: sha256 'abc' is not 64"),
        (b"path,label\n\xff\xfe,ai", "is not a CSV file in UTF-8"),
    ],
)
def test_a_wrong_manifest_is_explained(
    tmp_path: Path, text: bytes, message: str, bucket: "S3Client"
) -> None:
    root = tmp_path / "in"
    put(root / "a.png", png(1))
    put(root / "manifest.csv", text)
    with pytest.raises(DatasetError, match=message):
        find(str(root))
    bucket.put_object(Bucket=BUCKET, Key="in/a.png", Body=png(1))
    bucket.put_object(Bucket=BUCKET, Key="in/manifest.csv", Body=text)
    with pytest.raises(DatasetError, match=message):
        find(f"s3://{BUCKET}/in/", s3=bucket)


def upload(s3: "S3Client", root: Path, prefix: str) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            s3.upload_file(str(path), BUCKET, f"{prefix}{path.relative_to(root)}")


@pytest.mark.parametrize("listed", [False, True])
def test_a_prefix_is_like_its_folder(tmp_path: Path, bucket: "S3Client", listed: bool) -> None:
    root = labelled(tmp_path / "in")
    put(root / "ai" / "maker-0" / "ünï #1?.png", png(9))
    put(root / "ai" / ".hidden" / "1.png", png(10))
    put(root / "ai" / "maker-0" / "notes.txt", b"no image")
    if listed:
        (root / "ai" / ".hidden" / "1.png").unlink()
        manifest(root)
    upload(bucket, root, "raw/in/")
    folder, prefix = find(str(root)), find(f"s3://{BUCKET}/raw/in", s3=bucket)
    assert places(folder) == places(prefix)
    assert prefix.total == folder.total
    if listed:
        whole = find(f"s3://{BUCKET}/raw/in/manifest.csv", s3=bucket)
        assert places(whole) == places(prefix)
    training = S3Storage(bucket, S3Uri(BUCKET, "datasets/x"))
    packed = pack(prefix, training, "x", scratch=tmp_path / "scratch")
    assert packed.record.digest == packed_at(tmp_path, folder).record.digest
    assert packed.storage.uri == f"s3://{BUCKET}/datasets/x/{packed.record.digest[:16]}"
    assert is_packed(open_storage(packed.storage.uri + "/", bucket))
    # Found again by the fingerprint alone.
    for path in root.rglob("*.png"):
        bucket.delete_object(Bucket=BUCKET, Key=f"raw/in/{path.relative_to(root)}")
    assert pack(prefix, training, "x", scratch=tmp_path / "scratch").record == packed.record


def test_a_manifest_may_name_other_buckets(tmp_path: Path, bucket: "S3Client") -> None:
    bucket.create_bucket(Bucket="photos")
    bucket.put_object(Bucket="photos", Key="a b.png", Body=png(1))
    rows = "path,label\ns3://photos/a b.png,real\ns3://photos/gone.png,ai\n"
    bucket.put_object(Bucket=BUCKET, Key="list.csv", Body=rows.encode())
    record = packed_at(tmp_path, find(f"s3://{BUCKET}/list.csv", s3=bucket)).record
    assert record.images == 1
    assert record.reasons == {"missing": 1}
    with pytest.raises(DatasetError, match="does not exist"):
        find(f"s3://{BUCKET}/nothing.csv", s3=bucket)
    bucket.put_object(Bucket=BUCKET, Key="list.csv", Body=b"path,label\ns3:///x,ai")
    with pytest.raises(DatasetError, match="is not an S3 URI"):
        find(f"s3://{BUCKET}/list.csv", s3=bucket)


def test_bytes_that_were_not_labelled_are_refused(tmp_path: Path, bucket: "S3Client") -> None:
    root = tmp_path / "in"
    for number in range(2):
        put(root / f"{number}.png", png(number))
    labelled_bytes = hashlib.sha256(png(0)).hexdigest()
    rows = f"path,label,sha256\n0.png,ai,{labelled_bytes.upper()}\n1.png,real,{labelled_bytes}\n"
    put(root / "manifest.csv", rows.encode())
    upload(bucket, root, "in/")
    for found in (
        find(str(root)),
        find(str(archived(root, ".zip"))),
        find(f"s3://{BUCKET}/in/", s3=bucket),
    ):
        record = packed_at(tmp_path / found.fingerprint[:8], found).record
        assert (record.images, record.reasons) == (1, {"missing": 1})
        assert record.rejected[0][0] == "1.png"
    # A manifest that was corrected is packed anew, also where its images lie elsewhere.
    text = f"path,label,sha256\ns3://{BUCKET}/in/0.png,ai,{labelled_bytes}\n"
    marks = []
    for change in (text, text.replace(labelled_bytes, "ab" * 32)):
        bucket.put_object(Bucket=BUCKET, Key="apart/list.csv", Body=change.encode())
        marks.append(find(f"s3://{BUCKET}/apart/list.csv", s3=bucket).fingerprint)
    assert marks[0] != marks[1]


def test_a_changed_object_is_packed_anew(tmp_path: Path, bucket: "S3Client") -> None:
    upload(bucket, labelled(tmp_path / "in"), "in/")
    before = find(f"s3://{BUCKET}/in/", s3=bucket).fingerprint
    assert find(f"s3://{BUCKET}/in", s3=bucket).fingerprint == before
    bucket.put_object(Bucket=BUCKET, Key="in/ai/maker-0/0.png", Body=png(4242))
    assert find(f"s3://{BUCKET}/in/", s3=bucket).fingerprint != before


def test_several_places_are_one(tmp_path: Path) -> None:
    one, two = (find(str(labelled(tmp_path / name, each=1))) for name in ("one", "two"))
    both = joined([one, two])
    assert both.total == 16
    assert packed_at(tmp_path, both).record.duplicates == 8
    assert joined([one]) is one
    assert joined([two, one]).fingerprint != both.fingerprint


def test_storages_are_looked_into(tmp_path: Path, bucket: "S3Client") -> None:
    root = labelled(tmp_path / "in")
    upload(bucket, root, "in/")
    assert find_in(LocalStorage(root), str(root)).total == 24
    where = f"s3://{BUCKET}/in/"
    assert find_in(open_storage(where, bucket), where).total == 24


def test_a_manifest_in_windows_line_ends() -> None:
    rows = list(read_manifest(["path,label\r\n", "a.png,REAL \r\n"], "m"))
    assert [(r.path, r.label, r.source) for r in rows] == [("a.png", Label.REAL, "manifest")]


def test_a_folder_that_vanishes_meanwhile_costs_entries(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    found = find(str(root))
    shutil.rmtree(root / "ai" / "maker-1")
    record = packed_at(tmp_path, found).record
    assert (record.images, record.reasons) == (21, {"read_failed": 3})
