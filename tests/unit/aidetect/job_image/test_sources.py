"""What an image is built from."""

import io
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from aidetect.job_image.sources import FILES, FOLDERS, NoSourcesError, pack
from tests.unit.template.document import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text(name)
    for name in FOLDERS:
        (tmp_path / name / "__pycache__").mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text("")
        (tmp_path / name / "__pycache__" / "x.pyc").write_bytes(b"x")
    return tmp_path


def test_the_same_files_are_the_same_bytes(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(
        checkout, copy, ignore=shutil.ignore_patterns("copy"), copy_function=shutil.copy
    )
    assert pack(checkout) == pack(copy)
    (copy / "uv.lock").write_text("other")
    assert pack(checkout).key != pack(copy).key


def test_what_python_makes_of_it_stays_behind(checkout: Path) -> None:
    names = zipfile.ZipFile(io.BytesIO(pack(checkout).archive)).namelist()
    assert sorted(names) == sorted([*FILES, *(f"{name}/__init__.py" for name in FOLDERS)])


@pytest.mark.parametrize("gone", ["uv.lock", "training"])
def test_a_folder_that_is_no_checkout_is_told(checkout: Path, gone: str) -> None:
    path = checkout / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(NoSourcesError, match=f"has no {gone}.*clone it"):
        pack(checkout)


def test_it_holds_all_that_the_dockerfile_copies() -> None:
    text = (ROOT / "Dockerfile").read_text()
    copied = [line.split()[1:-1] for line in re.findall(r"^COPY (?!--from).*$", text, re.MULTILINE)]
    names = zipfile.ZipFile(io.BytesIO(pack(ROOT).archive)).namelist()
    assert "Dockerfile" in names
    for name in (name for line in copied for name in line):
        assert any(held == name or held.startswith(f"{name}/") for held in names), name
