"""Archives: every member one row, hostile ones a reason, and never a crash or a flood."""

import io
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Iterator

import pytest

from batch_inference.archive import members
from batch_inference.errors import ReaderError
from batch_inference.member import MAX_NAME, Member, UniqueNames, readable_name
from batch_inference.s3_file import MAX_READ, S3File
from batch_inference.tar import MAX_EXTENDED_HEADER
from detector.plan import Limits
from detector.reason import ImageError, Reason
from tests.unit.batch_inference.archives import (
    claim_size,
    encrypted,
    tar_member,
    tar_of,
    zip_of,
)

PICTURE = bytes(range(256)) * 8


def s3_file(data: bytes, block: int = 700) -> S3File:
    return S3File(lambda first, last: (data[first : last + 1], len(data)), block)


def read(
    data: bytes, key: str, limits: Limits | None = None
) -> tuple[dict[str, bytes | Reason], Reason | None]:
    """Return each member's bytes or reason, and the reason of the archive itself."""
    outcome: dict[str, bytes | Reason] = {}
    try:
        for member in members(s3_file(data), key, limits or Limits()):
            assert member.name not in outcome
            try:
                if member.refusal:
                    raise member.refusal
                outcome[member.name] = member.read()
                assert len(outcome[member.name]) <= member.size
            except ImageError as error:
                outcome[member.name] = error.reason
    except ImageError as error:
        return outcome, error.reason
    return outcome, None


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_files_are_read_and_names_judged(kind: str) -> None:
    files = [
        ("a.jpg", PICTURE),
        ("folder/b c+%20#ü😀.png", PICTURE + b"b"),
        ("no-suffix", PICTURE),
        ("../up.jpg", PICTURE),
        ("x/../../up.jpg", PICTURE),
        ("/etc/passwd.jpg", PICTURE),
        ("C:\\windows.jpg", PICTURE),
        ("..\\up.jpg", PICTURE),
        ("__MACOSX/._a.jpg", PICTURE),
        ("folder/._b.jpg", PICTURE),
        ("inner.zip", PICTURE),
        ("inner.tar", PICTURE),
        ("readme.txt", PICTURE),
        ("empty.jpg", b""),
        ("big.jpg", PICTURE * 3),
    ]
    data = tar_of(files) if kind == "tar" else zip_of(files)

    outcome, end = read(data, f"x.{kind}", Limits(max_bytes=len(PICTURE) + 1))

    assert end is None
    assert outcome == {
        "a.jpg": PICTURE,
        "folder/b c+%20#ü😀.png": PICTURE + b"b",
        "no-suffix": PICTURE,
        "../up.jpg": Reason.UNSAFE_NAME,
        "x/../../up.jpg": Reason.UNSAFE_NAME,
        "/etc/passwd.jpg": Reason.UNSAFE_NAME,
        "C:\\windows.jpg": Reason.UNSAFE_NAME,
        "..\\up.jpg": Reason.UNSAFE_NAME,
        "__MACOSX/._a.jpg": Reason.UNSUPPORTED,
        "folder/._b.jpg": Reason.UNSUPPORTED,
        "inner.zip": Reason.UNSUPPORTED,
        "inner.tar": Reason.UNSUPPORTED,
        "readme.txt": Reason.UNSUPPORTED,
        "empty.jpg": Reason.EMPTY,
        "big.jpg": Reason.TOO_LARGE,
    }


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_equal_names_stay_apart(kind: str) -> None:
    files = [("a.jpg", b"1"), ("a.jpg", b"2"), ("a.jpg#2", b"3"), ("a.jpg", b"4")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data = tar_of(files) if kind == "tar" else zip_of(files)

    outcome, _ = read(data, f"x.{kind}")

    assert outcome == {
        "a.jpg": b"1",
        "a.jpg#2": b"2",
        "a.jpg#2#2": Reason.UNSUPPORTED,
        "a.jpg#3": b"4",
    }


def test_links_and_devices_are_refused_and_folders_left_out() -> None:
    others = [
        tar_member("link.jpg", tarfile.SYMTYPE),
        tar_member("hard.jpg", tarfile.LNKTYPE),
        tar_member("device.jpg", tarfile.CHRTYPE),
        tar_member("folder", tarfile.DIRTYPE),
    ]
    outcome, end = read(tar_of([("a.jpg", PICTURE)], others=others), "x.tar")
    assert end is None
    assert outcome == {
        "a.jpg": PICTURE,
        "link.jpg": Reason.UNSAFE_NAME,
        "hard.jpg": Reason.UNSAFE_NAME,
        "device.jpg": Reason.UNSAFE_NAME,
    }


def test_a_link_in_a_zip_is_refused_and_folders_left_out() -> None:
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    outcome, _ = read(zip_of([(link, b"/etc/passwd"), ("folder/", b"")]), "x.zip")
    assert outcome == {"link.jpg": Reason.UNSAFE_NAME}


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_without_files_is_empty(kind: str) -> None:
    data = tar_of([], others=[tar_member("d", tarfile.DIRTYPE)]) if kind == "tar" else zip_of([])
    assert read(data, f"x.{kind}") == ({}, Reason.EMPTY)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_the_number_of_members_is_bounded(kind: str) -> None:
    files = [(f"{n}.jpg", PICTURE) for n in range(5)]
    data = tar_of(files) if kind == "tar" else zip_of(files)
    outcome, end = read(data, f"x.{kind}", Limits(max_members=3))
    assert (list(outcome), end) == (["0.jpg", "1.jpg", "2.jpg"], Reason.BOMB)


def test_a_tar_cut_off_keeps_what_came_before() -> None:
    data = tar_of([("a.jpg", PICTURE), ("b.jpg", PICTURE)])
    whole_first = 512 + 2048
    for length, kept in (
        (whole_first + 512 + 100, ["a.jpg"]),  # inside the second file
        (whole_first + 100, ["a.jpg"]),  # inside the second header
        (whole_first, ["a.jpg"]),  # between two members
        (2 * whole_first, ["a.jpg", "b.jpg"]),  # before the end mark
        (300, []),
    ):
        outcome, end = read(data[:length], "x.tar")
        assert (list(outcome), end) == (kept, Reason.TRUNCATED), length


def test_a_tar_with_a_damaged_header_keeps_what_came_before() -> None:
    data = bytearray(tar_of([("a.jpg", PICTURE), ("b.jpg", PICTURE)]))
    data[2560 : 2560 + 300] = b"\xff" * 300
    outcome, end = read(bytes(data), "x.tar")
    assert (outcome, end) == ({"a.jpg": PICTURE}, Reason.UNDECODABLE)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (b"\x1f\x8b\x08", Reason.UNSUPPORTED),
        (b"BZh9", Reason.UNSUPPORTED),
        (b"PK\x03\x04", Reason.UNSUPPORTED),
        (b"no tar at all", Reason.UNDECODABLE),
    ],
)
def test_what_is_no_tar(head: bytes, reason: Reason) -> None:
    assert read(head + b"x" * 2000, "x.tar") == ({}, reason)


def test_a_huge_extended_header_is_not_read() -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, MAX_EXTENDED_HEADER + 1
    assert read(info.tobuf() + bytes(4096), "x.tar") == ({}, Reason.BOMB)


def test_a_negative_size_is_damage() -> None:
    header = bytearray(tarfile.TarInfo("a.jpg").tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12  # base-256, negative
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert read(bytes(header) + bytes(1024), "x.tar") == ({}, Reason.UNDECODABLE)


def test_a_damaged_pax_number_is_damage() -> None:
    info = tarfile.TarInfo("a.jpg")
    info.pax_headers = {"GNU.sparse.realsize": "x"}
    data = info.tobuf(tarfile.PAX_FORMAT) + bytes(1024)
    assert read(data, "x.tar") == ({}, Reason.UNDECODABLE)


def test_a_sparse_member_is_not_read() -> None:
    info = tarfile.TarInfo("a.jpg")
    info.size = 0
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 40)}
    outcome, _ = read(info.tobuf(tarfile.PAX_FORMAT) + bytes(10240), "x.tar")
    assert outcome == {"a.jpg": Reason.UNSUPPORTED}


@pytest.mark.parametrize(
    "headers",
    [
        {"GNU.sparse.map": "0,1," * 20_000 + "0,1"},
        {"GNU.sparse.size": "9"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"},
    ],
    ids=["0.1", "0.0", "1.0"],
)
def test_the_map_of_a_sparse_member_is_not_read(headers: dict[str, str]) -> None:
    body = b"200000\n" + b"1\n" * 400_000
    body += bytes(-len(body) % 512)
    info = tarfile.TarInfo("a.jpg")
    info.size, info.pax_headers = len(body), headers
    data = info.tobuf(tarfile.PAX_FORMAT) + body + tar_of([("b.jpg", PICTURE)])

    tracemalloc.start()
    outcome, end = read(data, "x.tar")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (outcome, end) == ({"a.jpg": Reason.UNSUPPORTED, "b.jpg": PICTURE}, None)
    assert peak < 2_000_000


def old_sparse(more: bool) -> bytes:
    """Return the header of an old GNU sparse member that holds nothing, its map continued."""
    info = tarfile.TarInfo("a.jpg")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[482] = more
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


def test_the_map_of_an_old_sparse_member_is_passed_over() -> None:
    more, last = bytearray(512), bytes(512)
    more[504] = 1
    outcome, end = read(old_sparse(True) + more + last + tar_of([("b.jpg", PICTURE)]), "x.tar")
    assert (outcome, end) == ({"a.jpg": Reason.UNSUPPORTED, "b.jpg": PICTURE}, None)
    assert read(old_sparse(True) + more, "x.tar") == ({}, Reason.TRUNCATED)


def test_a_chain_of_extended_headers_is_not_followed() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type = tarfile.GNUTYPE_LONGNAME
    link = info.tobuf(tarfile.GNU_FORMAT)
    first = tar_of([("a.jpg", PICTURE)])[:2560]
    assert read(first + link * 400 + bytes(1024), "x.tar") == ({"a.jpg": PICTURE}, Reason.BOMB)
    many = tar_of([(f"{n:0200}.jpg", PICTURE) for n in range(50)])  # each with one of its own
    outcome, end = read(many, "x.tar")
    assert (len(outcome), end) == (50, None)


def test_global_headers_are_bounded() -> None:
    member = tar_of([("a.jpg", PICTURE)])[:2560]
    parts = [
        tarfile.TarInfo.create_pax_global_header({f"k{n}-{i}": "v" for i in range(20)}) + member
        for n in range(10)
    ]
    outcome, end = read(b"".join(parts) + bytes(1024), "x.tar")
    assert (len(outcome), end) == (5, Reason.BOMB)


def test_a_suffix_that_is_no_unicode_is_told_readably() -> None:
    info = tarfile.TarInfo("photo.\udcff")
    info.size = 1
    data = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + b"x" + bytes(511 + 1024)
    (member,) = members(s3_file(data), "x.tar", Limits())
    assert member.name == "photo.\ufffd"
    assert member.refusal is not None
    assert member.refusal.detail == ".\ufffd is not an image format that is scored"


def test_a_zip_member_without_a_name_is_unsafe() -> None:
    data = bytearray(zip_of([("a.jpg", PICTURE), ("Q", PICTURE)]))
    entry = data.rfind(b"PK\x01\x02")
    data[entry + 28 : entry + 30] = b"\0\0"
    data[entry + 32 : entry + 34] = b"\1\0"  # its one letter becomes a comment
    assert read(bytes(data), "x.zip") == ({"a.jpg": PICTURE, "": Reason.UNSAFE_NAME}, None)


def test_what_the_readers_let_escape_is_the_archive_s_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_nothing() -> bytes:
        raise AttributeError("unforeseen")

    def unforeseen(_file: S3File, _limits: Limits) -> Iterator[Member]:
        yield Member("a.jpg", 1, read_nothing)
        raise TypeError("unforeseen")

    monkeypatch.setattr("batch_inference.archive.tar_members", unforeseen)
    assert read(b"x", "x.tar") == ({"a.jpg": Reason.UNDECODABLE}, Reason.UNDECODABLE)


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("good", range(4))
def test_what_stops_the_shard_is_no_damage(kind: str, good: int) -> None:
    files = [(f"{n}.jpg", PICTURE) for n in range(4)]
    data = tar_of(files) if kind == "tar" else zip_of(files, zipfile.ZIP_DEFLATED)
    fetched: list[int] = []

    def fetch(first: int, last: int) -> tuple[bytes, int]:
        if len(fetched) > good:
            raise ReaderError("the token expired")
        fetched.append(first)
        return data[first : last + 1], len(data)

    def read_all() -> None:
        for member in members(S3File(fetch, 256), f"x.{kind}", Limits()):
            member.read()

    with pytest.raises(ReaderError):
        read_all()


def test_names_that_are_no_unicode() -> None:
    info = tarfile.TarInfo("caf\udce9.jpg")
    info.size = 1
    data = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + b"x" + bytes(511 + 1024)
    outcome, _ = read(data, "x.tar")
    assert outcome == {"caf\ufffd.jpg": b"x"}
    assert len(readable_name("x" * 5000)) == MAX_NAME


def test_a_bomb_by_ratio_and_by_a_lying_header() -> None:
    zeros = zip_of([("bomb.png", bytes(5_000_000))], zipfile.ZIP_DEFLATED)
    assert read(zeros, "x.zip")[0] == {"bomb.png": Reason.BOMB}
    assert read(claim_size(zeros, 1000), "x.zip")[0] == {"bomb.png": Reason.BOMB}
    flood = Limits(max_bytes=3_000_000, max_ratio=5000)
    assert read(zeros, "x.zip", flood)[0] == {"bomb.png": Reason.TOO_LARGE}
    assert read(claim_size(zeros, 4_000_000), "x.zip", flood)[0] == {"bomb.png": Reason.TOO_LARGE}


def test_a_header_that_claims_too_much() -> None:
    data = claim_size(zip_of([("a.jpg", PICTURE)], zipfile.ZIP_DEFLATED), len(PICTURE) + 1)
    assert read(data, "x.zip")[0] == {"a.jpg": Reason.TRUNCATED}


def test_encrypted_damaged_and_exotic_zip_members() -> None:
    assert read(encrypted(zip_of([("a.jpg", PICTURE)])), "x.zip")[0] == {
        "a.jpg": Reason.UNDECODABLE
    }
    damaged = zip_of([("a.jpg", PICTURE), ("b.jpg", b"b")]).replace(PICTURE, bytes(len(PICTURE)))
    assert read(damaged, "x.zip")[0] == {"a.jpg": Reason.UNDECODABLE, "b.jpg": b"b"}
    assert read(zip_of([("a.jpg", PICTURE)], zipfile.ZIP_LZMA), "x.zip")[0] == {
        "a.jpg": Reason.UNSUPPORTED
    }


def test_a_zip_cut_off_has_no_directory() -> None:
    data = zip_of([("a.jpg", PICTURE), ("b.jpg", PICTURE)])
    assert read(data[:-60], "x.zip") == ({}, Reason.TRUNCATED)
    assert read(b"no zip", "x.zip") == ({}, Reason.UNDECODABLE)


def test_a_zip_is_read_in_the_order_of_its_data() -> None:
    data = zip_of([(f"{n}.jpg", PICTURE) for n in range(20)])
    fetched: list[int] = []

    def fetch(first: int, last: int) -> tuple[bytes, int]:
        fetched.append(first)
        return data[first : last + 1], len(data)

    for member in members(S3File(fetch, 4096), "x.zip", Limits()):
        member.read()
    assert len(fetched) == len(set(fetched)) + 1  # only the first block had to make room


def test_the_file_behaves_like_a_file() -> None:
    data = bytes(range(256)) * 40
    file, whole = s3_file(data), io.BytesIO(data)
    for offset, whence, count in (
        (0, 0, 10),
        (5, 1, 1500),
        (-20, 2, 100),
        (3000, 0, -1),
        (9, 0, 0),
    ):
        assert file.seek(offset, whence) == whole.seek(offset, whence)
        assert file.read(count) == whole.read(count)
        assert file.tell() == whole.tell()
    assert file.seekable()
    with pytest.raises(OSError, match="before the start"):
        file.seek(-1)


def test_a_file_refuses_a_flood_and_notices_when_it_shrinks() -> None:
    claimed = S3File(lambda _first, _last: (b"x" * 8, MAX_READ + 9), 8)
    with pytest.raises(ImageError) as flood:
        claimed.read()
    assert flood.value.reason is Reason.BOMB
    shrunk = S3File(lambda first, _last: (b"x" * 8 if first == 0 else b"", 16), 8)
    with pytest.raises(ImageError) as failure:
        shrunk.read()
    assert failure.value.reason is Reason.READ_FAILED


def test_unique_names_never_collide() -> None:
    names = UniqueNames()
    given = [names.unique(name) for name in ["a", "a#2", "a", "a", "a#2", "a#3"]]
    assert len(set(given)) == len(given)
