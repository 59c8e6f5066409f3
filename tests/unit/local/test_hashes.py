"""Everything that is installed is held to a hash that is in the repository."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LISTS = sorted([*ROOT.glob("functions/requirements/*.txt"), *ROOT.glob("local/requirements/*.txt")])


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_every_requirement_is_pinned_with_hashes(path: Path) -> None:
    joined = path.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9.-]+(\[[a-z,-]+\])?==[^ ]+ ", line, re.IGNORECASE), line
        assert "--hash=sha256:" in line, line


def test_every_list_is_made_from_what_is_asked_for() -> None:
    assert [path.stem for path in LISTS if not path.with_suffix(".in").exists()] == []


def test_every_locked_file_has_a_hash_and_comes_from_the_registry() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    others = [p["name"] for p in locked if "registry" not in p["source"]]
    assert others == ["aidetect"]
    for package in locked:
        files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
        assert files or package["name"] in others, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]


def test_images_install_nothing_without_a_hash() -> None:
    written = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    for line in written.splitlines():
        if "pip install" in line:
            assert "--require-hashes" in line
            assert "--only-binary :all:" in line
        if "uv sync" in line:
            assert {"--frozen", "--no-build"} <= set(line.split())
