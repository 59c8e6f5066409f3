"""Fingerprints that tell whether what runs is still what the checkout says."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

# What a deployment is made of, beside the template itself.
SOURCES = ("batch_inference", "detector", "functions", "statemachines")
IGNORED = frozenset({"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"})


def of_files(root: Path, files: Iterable[Path]) -> str:
    """Give a digest of the files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def deployment_files(template: Path) -> list[Path]:
    """Give the files that a deployment of the template depends on."""
    root, found = template.parent, [template]
    for name in SOURCES:
        for path in (root / name).rglob("*"):
            if path.is_file() and not IGNORED & set(path.parts):
                found.append(path)  # noqa: PERF401
    return found


def of_deployment(template: Path, stack: str, parameters: Mapping[str, str]) -> str:
    """Give the fingerprint of what a deployment would put on the emulator."""
    digest = hashlib.sha256(of_files(template.parent, deployment_files(template)).encode())
    digest.update(stack.encode())
    for name, value in sorted(parameters.items()):
        digest.update(f"\0{name}={value}".encode())
    return digest.hexdigest()[:16]
