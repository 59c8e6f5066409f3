import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from detector.cache import cache_home
from functions.bundle import assemble as assembling
from functions.bundle import cache as caching
from functions.bundle import install as installing
from functions.bundle.__main__ import main
from functions.bundle.cache import key, packages
from functions.bundle.install import InstallError, command, install
from functions.bundle.prune import EPOCH, prune, settle, weigh
from functions.bundle.recipe import AWS_SERVICES, RECIPES, ROOT
from functions.bundle.target import LAMBDA_PLATFORM, LAMBDA_PYTHON, Target, TargetError, chosen

LAMBDA = Target(LAMBDA_PYTHON, LAMBDA_PLATFORM)


def put(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIDETECT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("BUNDLE_TARGET", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    """Stand-in for the registry; lists for which targets it was asked."""
    asked: list[Target] = []

    def fake(_requirements: Path, folder: Path, target: Target) -> None:
        asked.append(target)
        services = [f"botocore/data/{name}/service.json" for name in (*AWS_SERVICES, "ec2")]
        put(folder, "package/__init__.py", "package/a.pyx", "bin/tool", *services)

    monkeypatch.setattr(caching, "install", fake)
    return asked


def test_target_is_lambda_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUNDLE_TARGET", raising=False)
    assert chosen() == LAMBDA
    monkeypatch.setenv("BUNDLE_TARGET", "here")
    assert chosen().platform is None
    monkeypatch.setenv("BUNDLE_TARGET", "there")
    with pytest.raises(TargetError, match="'lambda' or 'here'"):
        chosen()


def test_uv_installs_exactly_what_is_pinned() -> None:
    words = " ".join(command(Path("r.txt"), Path("to"), LAMBDA))
    assert "-m uv pip install" in words
    assert f"--python-version {LAMBDA_PYTHON} --python-platform {LAMBDA_PLATFORM}" in words
    assert "--only-binary :all: --require-hashes" in words


def test_uv_elsewhere_or_pip_take_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: "/opt/uv")
    assert command(Path("r.txt"), Path("to"), LAMBDA)[:2] == ["/opt/uv", "pip"]
    monkeypatch.setattr(shutil, "which", lambda _: None)
    words = " ".join(command(Path("r.txt"), Path("to"), LAMBDA))
    assert "-m pip install" in words
    assert "--platform manylinux_2_28_x86_64" in words
    assert "--require-hashes" in words
    here = " ".join(command(Path("r.txt"), Path("to"), Target("3.11", None)))
    assert "--platform" not in here


def test_failed_install_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "command", lambda *_: ["sh", "-c", "echo no route >&2; exit 3"])
    with pytest.raises(InstallError, match=r"registry reachable.*\n.*\nno route"):
        install(Path("r.txt"), tmp_path, LAMBDA)
    monkeypatch.setattr(installing, "command", lambda *_: ["true"])
    install(Path("r.txt"), tmp_path, LAMBDA)


def test_pruning_takes_what_is_named_and_no_more(tmp_path: Path) -> None:
    kept = ["a/m.py", "botocore/data/s3/x.json", "botocore/data/endpoints.json"]
    kept += ["pyarrow/libarrow_python.so.2600", "pyarrow/libarrow.so.2600"]
    put(tmp_path, *kept, "a/m.pyi", "a/tests/t.py", "botocore/data/ec2/x.json")
    put(tmp_path, "pyarrow/libarrow_python.so", "pyarrow/libarrow_python.so.2600.1.0")
    prune(tmp_path, ("**/*.pyi", "a/tests"))
    left = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert left == sorted(kept)


def test_settled_files_have_one_time_and_mode(tmp_path: Path) -> None:
    put(tmp_path, "a", "b/c")
    (tmp_path / "a").chmod(0o600)
    (tmp_path / "b/c").chmod(0o700)
    settle(tmp_path)
    assert {p.stat().st_mtime for p in (tmp_path / "a", tmp_path / "b/c")} == {EPOCH}
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "b/c").stat().st_mode & 0o777 == 0o755
    assert weigh(tmp_path) == (20, 2)


def test_packages_are_installed_once(home: Path, installs: list[Target]) -> None:
    first = packages(RECIPES["light"], LAMBDA)
    assert packages(RECIPES["light"], LAMBDA) == first
    assert installs == [LAMBDA]
    assert not (first / "bin").exists()
    assert not (first / "botocore/data/ec2").exists()
    assert (first / "package/__init__.py").stat().st_mtime == EPOCH
    assert [p.name for p in home.glob("bundles/*") if p.is_dir()] == [first.name]


def test_old_packages_make_way(
    home: Path, installs: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    light, here = RECIPES["light"], Target("3.11", None)
    other = packages(light, here)
    old = packages(light, LAMBDA)
    monkeypatch.setattr(caching, "key", lambda *_: f"light-{LAMBDA_PYTHON}-new")
    assert packages(light, LAMBDA).is_dir()
    assert not old.exists()
    assert other.is_dir()


def test_key_follows_pins_and_target() -> None:
    light, scorer = RECIPES["light"], RECIPES["scorer"]
    keys = {key(light, LAMBDA), key(scorer, LAMBDA), key(light, Target("3.11", None))}
    assert len(keys) == 3
    assert key(light, LAMBDA) in keys


def test_cache_is_found_as_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIDETECT_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert cache_home() == Path("/x/aidetect")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_home() == Path.home() / ".cache/aidetect"


def digest(folder: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    parts = [f"{p.relative_to(folder)}{p.stat().st_mtime}".encode() + p.read_bytes() for p in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_bundle_holds_packages_and_sources_and_is_equal_each_time(
    home: Path, tmp_path: Path, installs: list[Target], capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert main(["light", str(one)]) == main(["light", str(two)]) == 0
    assert digest(one) == digest(two)
    assert (one / "package/__init__.py").exists()
    assert (one / "functions/intake/handler.py").exists()
    assert (one / "detector/row.py").exists()
    for absent in ("functions/bundle", "functions/requirements", "functions/Makefile"):
        assert not (one / absent).exists()
    assert not (one / "batch_inference").exists()
    assert not list(one.rglob("*.pyc"))
    assert re.search(r"bundle light for 3\.13.*bytes in .* files", capsys.readouterr().out)
    main(["scorer", str(tmp_path / "three")])
    assert (tmp_path / "three/batch_inference/__init__.py").exists()
    # What is no Python goes along: a page needs its template, style and script.
    for name in ("page.html", "report.css", "js/main.js"):
        assert (tmp_path / "three/batch_inference/report" / name).exists()


def test_without_hard_links_files_are_copied(
    home: Path, tmp_path: Path, installs: list[Target], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    assert main(["light", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out/package/__init__.py").stat().st_nlink == 1


def test_bundle_over_the_limit_is_refused(
    home: Path,
    tmp_path: Path,
    installs: list[Target],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(assembling, "LAMBDA_LIMIT_BYTES", 100)
    assert main(["light", str(tmp_path / "out")]) == 1
    assert "leave more out" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_pins_are_exact_hashed_and_those_of_the_lock_file(name: str) -> None:
    locked = set(
        re.findall(r'^name = "(.+)"\nversion = "(.+)"', (ROOT / "uv.lock").read_text(), re.M)
    )
    text = RECIPES[name].requirements.read_text()
    pins = re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.M)
    assert {"boto3", "pydantic", "aws-lambda-powertools"} <= {pin for pin, _ in pins}
    assert set(pins) <= locked
    assert text.count("--hash=sha256:") >= len(pins)


def test_sam_runs_the_makefile_from_a_copy_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--makefile", str(ROOT / "functions/Makefile"), "--dry-run", "build-PlanFunction"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "ARTIFACTS_DIR": "/out", "PYTHON": "py"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"cd {ROOT} && py -m functions.bundle light /out"


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_sources_of_every_recipe_exist(name: str) -> None:
    assert all((ROOT / source / "__init__.py").is_file() for source in RECIPES[name].sources)
