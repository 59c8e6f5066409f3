"""The model out of SageMaker's archive: the newest whole one, and nothing that does not belong."""

import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detector.uri import S3Uri
from training.sagemaker import artifact
from training.sagemaker.artifact import fetch_model
from training.stages.context import StageError
from training.storage import LocalStorage, S3Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Member = tuple[tarfile.TarInfo, bytes]


def regular(name: str, data: bytes) -> Member:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    return info, data


def other(name: str, kind: bytes, target: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def archive(*members: Member) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def model(text: bytes) -> bytes:
    folder = other(".", tarfile.DIRTYPE)
    return archive(folder, regular("./head.json", text), regular("head.safetensors", b"weights"))


def place(job: str) -> str:
    return f"sagemaker/{job}/output/model.tar.gz"


def test_the_newest_whole_model_is_taken(tmp_path: Path) -> None:
    files = LocalStorage(tmp_path / "run")
    for age, (job, data) in enumerate(
        [
            # A stopped job's: the record, which is written last, is missing.
            ("z-stopped", archive(regular("head.safetensors", b"half"))),
            ("a-newer", model(b"newer")),
            ("m-older", model(b"older")),
        ]
    ):
        files.write(place(job), data)
        os.utime(files.root / place(job), (1e9 - age, 1e9 - age))
    files.write("sagemaker/z-stopped/output/output.tar.gz", b"no model")
    assert fetch_model(files, tmp_path / "into") == place("a-newer")
    assert LocalStorage(tmp_path / "into").names() == ["head.json", "head.safetensors"]
    assert (tmp_path / "into" / "head.json").read_bytes() == b"newer"


def test_in_s3_the_newest_is_the_one_last_written(
    s3: "S3Client", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = S3Storage(s3, S3Uri("models", "runs/train-1"))
    files.write(place("b"), model(b"first"))
    known = artifact.written_at(files, place("b"))
    files.write(place("a"), model(b"second"))
    assert artifact.written_at(files, place("a")) >= known
    assert fetch_model(files, tmp_path) in (place("a"), place("b"))
    with pytest.raises(StageError, match="holds no model"):
        fetch_model(files.child("elsewhere"), tmp_path)


@pytest.mark.parametrize(
    "member",
    [
        regular("../head.json", b""),
        regular("/tmp/head.json", b""),
        regular("sub/head.json", b""),
        regular("train.py", b""),
        other("head.json", tarfile.SYMTYPE, "/etc/passwd"),
        other("head.json", tarfile.LNKTYPE, "head.safetensors"),
        other("head.json", tarfile.FIFOTYPE),
        other("head.json", tarfile.DIRTYPE),
    ],
)
def test_what_is_no_file_of_a_model_is_refused(tmp_path: Path, member: Member) -> None:
    files = LocalStorage(tmp_path / "run")
    files.write(place("job"), archive(regular("head.safetensors", b"weights"), member))
    with pytest.raises(StageError, match="which is no file of a model"):
        fetch_model(files, tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["into", "run"]


def test_a_huge_or_damaged_archive_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = LocalStorage(tmp_path / "run")
    files.write(place("job"), model(b"{}" * 1000))
    with monkeypatch.context() as patch:
        patch.setattr(artifact, "MAX_BYTES", 1000)
        with pytest.raises(StageError, match="holds more than"):
            fetch_model(files, tmp_path / "into")
    for damaged in (b"no archive", model(b"{}" * 1000)[:60], b""):
        files.write(place("job"), damaged)
        with pytest.raises(StageError, match=r"cannot be read|holds no model"):
            fetch_model(files, tmp_path / "into")
