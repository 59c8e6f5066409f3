"""Packing: the same every time, whatever the files are, whenever it is cut short."""

import hashlib
import os
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from detector.evaluation import Label
from detector.plan import Limits
from detector.reason import Reason
from tests.corpus import encode, make_corpus, photograph, png_of_zeros
from tests.unit.training.data.pictures import encoded, labelled, packed_at, picture, png, put
from training.data.catalog import CATALOG_FILE, RECORD_FILE, CatalogEntry, read_catalog
from training.data.folder import find_folder
from training.data.ledger import CONTRADICTION
from training.data.pack import WORK, Packed, Packing, pack, read_record
from training.storage import LocalStorage


def catalog(packed: Packed) -> list[CatalogEntry]:
    return list(read_catalog(packed.storage.read(CATALOG_FILE)))


def test_every_image_lies_where_the_catalog_says(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    packed = packed_at(tmp_path, find_folder(root), Packing(max_images=5))
    assert packed.record.images == 24
    assert [s.images for s in packed.record.shards] == [5, 5, 5, 5, 4]
    for entry in catalog(packed):
        data = packed.storage.read(entry.shard)
        image = data[entry.offset : entry.offset + entry.bytes]
        assert hashlib.sha256(image).hexdigest() == entry.sha256
        assert image == (root / entry.name).read_bytes()
        assert (entry.format, entry.width, entry.height) == ("PNG", 80, 64)
        assert len(entry.phash) == 16
    assert {(e.label, e.source, e.generator) for e in catalog(packed)} >= {
        (Label.REAL, "place-0", ""),
        (Label.AI, "maker-3", "maker-3"),
    }


def test_a_tar_is_a_plain_tar(tmp_path: Path) -> None:
    packed = packed_at(tmp_path, find_folder(labelled(tmp_path / "in")))
    (shard,) = packed.record.shards
    path = Path(packed.storage.uri) / shard.file
    assert hashlib.sha256(path.read_bytes()).hexdigest() == shard.sha256
    with tarfile.open(path, "r:") as tar:
        names = tar.getnames()
        assert {info.mtime for info in tar.getmembers()} == {0}
    assert names == [f"{e.sha256}.png" for e in catalog(packed)]


def test_tars_are_bounded_in_bytes(tmp_path: Path) -> None:
    packed = packed_at(tmp_path, find_folder(labelled(tmp_path / "in")), Packing(max_bytes=40_000))
    assert len(packed.record.shards) > 2
    assert all(s.bytes <= 40_000 + 2 * tarfile.RECORDSIZE for s in packed.record.shards)


def test_the_same_content_has_the_same_digest(tmp_path: Path) -> None:
    one = packed_at(tmp_path / "1", find_folder(labelled(tmp_path / "in")))
    other = packed_at(tmp_path / "2", find_folder(labelled(tmp_path / "elsewhere")))
    assert one.record.digest == other.record.digest
    assert one.record.shards == other.record.shards
    assert one.storage.read(CATALOG_FILE) == other.storage.read(CATALOG_FILE)
    (tmp_path / "in" / "ai" / "maker-0").rename(tmp_path / "in" / "ai" / "other")
    third = packed_at(tmp_path / "1", find_folder(tmp_path / "in"))
    assert third.record.digest != one.record.digest


def test_packing_again_reads_nothing(tmp_path: Path) -> None:
    found = find_folder(labelled(tmp_path / "in"))
    first = packed_at(tmp_path, found)
    for path in (tmp_path / "in").rglob("*.png"):
        path.chmod(0)
        path.unlink()
    again = packed_at(tmp_path, found)
    assert again.record == first.record
    assert sorted(LocalStorage(tmp_path / "data").names()) == sorted(
        [f"packed/{found.fingerprint[:16]}.json"]
        + [f"{first.record.digest[:16]}/{n}" for n in (CATALOG_FILE, RECORD_FILE)]
        + [f"{first.record.digest[:16]}/shard-00000.tar"]
    )


class Killed(BaseException):
    """Nothing catches it."""


@pytest.mark.parametrize("after", [1, 6, 7, 13, 24])
def test_an_attempt_that_was_cut_short_is_gone_on_with(tmp_path: Path, after: int) -> None:
    found = find_folder(labelled(tmp_path / "in"))
    whole = packed_at(tmp_path / "whole", found, Packing(max_images=5))
    packing = Packing(max_images=5, reads=2)

    def kill(done: int, _total: int) -> None:
        if done == after:
            raise Killed

    folder = tmp_path / "cut"
    with pytest.raises(Killed):
        pack(found, LocalStorage(folder / "data"), "set", scratch=folder / "scratch",
             packing=packing, progress=kill)  # fmt: skip
    # What is in finished tars is not read again.
    tars = (after - 1) // 5
    for file in list(found.files())[: 5 * tars]:
        (tmp_path / "in" / file.name).unlink()
    told: list[int] = []
    resumed = pack(found, LocalStorage(folder / "data"), "set", scratch=folder / "scratch",
                   packing=packing, progress=lambda done, _t: told.append(done))  # fmt: skip
    assert told[0] == 5 * tars + 1
    assert resumed.record.model_copy(update={"created_at": ""}) == whole.record.model_copy(
        update={"created_at": ""}
    )
    assert resumed.storage.read(CATALOG_FILE) == whole.storage.read(CATALOG_FILE)
    assert not list((folder / "data" / WORK).rglob("*.jsonl"))


def test_a_killed_process_leaves_nothing_half_done(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in", each=12)
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.unit.training.data.pictures import packed_at\n"
        "from training.data.folder import find_folder; from training.data.pack import Packing\n"
        "packed_at(Path(sys.argv[1]), find_folder(Path(sys.argv[2])), Packing(max_images=7))\n"
    )
    work = tmp_path / "data" / WORK
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), str(root)])
    until = time.monotonic() + 60
    while not list(work.rglob("*.jsonl")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.005)
    process.kill()
    process.wait()
    resumed = packed_at(tmp_path, find_folder(root), Packing(max_images=7))
    whole = packed_at(tmp_path / "whole", find_folder(root), Packing(max_images=7))
    assert resumed.record.images == 96
    assert resumed.record.shards == whole.record.shards
    assert resumed.storage.read(CATALOG_FILE) == whole.storage.read(CATALOG_FILE)


def test_the_journal_of_another_version_is_passed_over(tmp_path: Path) -> None:
    found = find_folder(labelled(tmp_path / "in"))
    put(
        tmp_path / "data" / WORK / found.fingerprint[:16] / "shard-00000.tar.jsonl",
        b'{"other": 1}\n',
    )
    assert packed_at(tmp_path, found).record.images == 24


def test_all_kinds_of_files_come_to_an_entry_or_a_reason(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in", sources=1, each=1)
    expected = make_corpus(root / "real" / "corpus", 70, huge=1)
    packed = packed_at(tmp_path, find_folder(root))
    names = {e.name.removeprefix("real/corpus/"): e for e in catalog(packed)}
    rejected = {name.removeprefix("real/corpus/"): why for name, why in packed.record.rejected}
    seen = set()
    for outcome in expected:
        if outcome.reason is not None:
            assert rejected[outcome.key].startswith(outcome.reason.value), outcome
        elif outcome.key in names:
            seen.add(outcome.kind)
        assert not (outcome.reason is None and outcome.key in rejected), outcome
    assert seen >= {"cmyk-adobe", "png-16-bit", "gif-animated", "avif", "mpo", "tiff-pages", "huge"}
    assert packed.record.rejected_count == sum(packed.record.reasons.values())
    assert Counter(why.split(":")[0] for _, why in packed.record.rejected) == Counter(
        packed.record.reasons
    )


def test_limits_hold(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in", sources=1, each=1)
    put(root / "real" / "x" / "bomb.png", png_of_zeros(60_000, 60_000, rows=1))
    put(root / "real" / "x" / "long.png", encode(photograph(0), "PNG"))
    put(root / "real" / "x" / "tiny.png", encoded(picture(3, (16, 16))))
    limits = Limits(max_bytes=100_000)
    packed = packed_at(tmp_path, find_folder(root), Packing(limits=limits))
    assert packed.record.reasons == {"bomb": 1, "too_large": 1, "too_small": 1}
    assert packed.record.images == 2


def test_what_is_kept_of_a_photograph(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0110] = "camera"
    put(tmp_path / "in" / "real" / "a" / "1.jpg",
        encode(photograph(1), "JPEG", quality=90, exif=exif.tobytes()))  # fmt: skip
    put(tmp_path / "in" / "real" / "a" / "2.jpg", encode(photograph(2), "JPEG", quality=30))
    first, second = catalog(packed_at(tmp_path, find_folder(tmp_path / "in")))
    assert first.exif
    assert not second.exif
    assert 0 < first.quantisation < second.quantisation


def test_exact_copies_are_left_out(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    put(root / "real" / "zzz" / "copy.png", (root / "real" / "place-0" / "0.png").read_bytes())
    packed = packed_at(tmp_path, find_folder(root))
    assert packed.record.images == 24
    assert packed.record.duplicates == 1
    assert "zzz" not in {e.source for e in catalog(packed)}


def test_a_copy_kept_for_judging_is_not_learnt_from(tmp_path: Path) -> None:
    root = tmp_path / "in"
    for name in ("a", "b"):
        put(root / f"{name}.png", png(1))
    lines = ["path,label,source,split", "a.png,real,one,train", "b.png,real,two,val"]
    put(root / "manifest.csv", "\n".join(lines).encode())
    (only,) = catalog(packed_at(tmp_path, find_folder(root)))
    assert (only.source, only.split, only.name) == ("two", "test", "b.png")


def test_one_image_in_both_classes_is_in_neither(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    same = (root / "real" / "place-0" / "0.png").read_bytes()
    put(root / "ai" / "maker-0" / "same.png", same)
    packed = packed_at(tmp_path, find_folder(root))
    assert packed.record.reasons == {CONTRADICTION: 1}
    ((names, why),) = packed.record.rejected
    assert names == "ai/maker-0/same.png (ai) = real/place-0/0.png (real)"
    assert why.startswith("contradicting_labels: ")
    assert hashlib.sha256(same).hexdigest() not in {e.sha256 for e in catalog(packed)}


def test_data_that_was_put_right_is_other_data(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in")
    both = [root / "real" / "place-0" / "same.png", root / "ai" / "maker-0" / "same.png"]
    for path in both:
        put(path, png(4242))
    wrong = packed_at(tmp_path, find_folder(root)).record
    for path in both:
        path.unlink()
    right = packed_at(tmp_path, find_folder(root)).record
    assert right.reasons == {}
    assert (right.images, wrong.images) == (24, 24)
    assert right.digest != wrong.digest


def test_a_licence_may_be_said_later(tmp_path: Path) -> None:
    found = find_folder(labelled(tmp_path / "in"))
    first = packed_at(tmp_path, found)
    datasets = LocalStorage(tmp_path / "data")
    for licence, recorded in (("CC0", "CC0"), ("", "CC0")):
        again = pack(found, datasets, "set", scratch=tmp_path / "scratch", licence=licence)
        assert again.record.licence == recorded
        assert read_record(first.storage) == again.record


@pytest.mark.parametrize(
    "name",
    ["with space.png", "<script>alert(1)</script>.png", "日本語-😀.png", "a'b\"&;%00.png",
     "e\u0301.png", os.fsdecode(b"not-utf8-\xff.png"), "line\nbreak.png", "no-suffix"],
)  # fmt: skip
def test_names_are_only_names(tmp_path: Path, name: str) -> None:
    root = labelled(tmp_path / "in", sources=1, each=1)
    put(root / "ai" / "maker-0" / name, png(77))
    names = {e.name for e in catalog(packed_at(tmp_path, find_folder(root)))}
    assert (
        f"ai/maker-0/{name.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace')}" in names
    )


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in", sources=1, each=1)
    outside = put(tmp_path / "secret.png", png(5))
    (root / "real" / "link.png").symlink_to(outside)
    (root / "real" / "inner.png").symlink_to(root / "real" / "place-0" / "0.png")
    (root / "real" / "dead.png").symlink_to(root / "nowhere")
    (root / "real" / "loop").symlink_to(root)
    packed = packed_at(tmp_path, find_folder(root))
    assert packed.record.reasons == {Reason.UNSAFE_NAME.value: 1}
    assert packed.record.duplicates == 1
    assert packed.record.images == 2


def test_what_is_no_image_is_told(tmp_path: Path) -> None:
    root = labelled(tmp_path / "in", sources=1, each=1)
    put(root / "real" / "place-0" / "notes.txt", b"text")
    put(root / "real" / "place-0" / "more.zip", b"PK")
    put(root / "real" / "place-0" / ".DS_Store", b"")
    put(root / "README.md", b"outside the classes")
    assert packed_at(tmp_path, find_folder(root)).record.reasons == {"unsupported": 2}
