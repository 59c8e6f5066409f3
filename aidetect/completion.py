"""Names the shell completes: asked of the stack, quickly, and silent where it does not answer."""

import threading
from collections.abc import Callable, Iterable

import typer
from botocore.config import Config

from aidetect.resolve import resolve
from aidetect.target import DEFAULT_STACK, Target
from detector.layout import BATCHES_PREFIX, MODELS_PREFIX, RUNS_PREFIX

# A person waits at the prompt: no second try, and nothing after two seconds.
PATIENCE_SECONDS = 2.0
QUICK = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=1, read_timeout=1
)
MOST = 200
MOST_DETECTORS = 20


def _below(target: Target, bucket: str, folder: str, begun: str) -> list[str]:
    """Return names of folders below a folder that begin as given; one page of them."""
    found = target.s3.list_objects_v2(
        Bucket=bucket, Prefix=folder + begun, Delimiter="/", MaxKeys=MOST
    )
    prefixes = (item.get("Prefix", "") for item in found.get("CommonPrefixes", []))
    return [prefix.removeprefix(folder).rstrip("/") for prefix in prefixes]


def runs(target: Target, begun: str) -> Iterable[str]:
    """Return training runs, the newest first."""
    return sorted(_below(target, target.outputs.TrainingBucket, RUNS_PREFIX, begun), reverse=True)


def batches(target: Target, begun: str) -> Iterable[str]:
    """Return batches."""
    return _below(target, target.outputs.ResultsBucket, BATCHES_PREFIX, begun)


def detectors(target: Target, begun: str) -> Iterable[str]:
    """Return released detectors as ``name@version``."""
    bucket = target.outputs.ModelsBucket
    name, at, version = begun.partition("@")
    names = [name] if at else _below(target, bucket, MODELS_PREFIX, name)[:MOST_DETECTORS]
    return [
        f"{known}@{release}"
        for known in names
        for release in _below(target, bucket, f"{MODELS_PREFIX}{known}/", version)
    ]


def _asked(
    context: typer.Context, begun: str, names: Callable[[Target, str], Iterable[str]]
) -> list[str]:
    found: list[str] = []

    def ask() -> None:
        try:
            where, stack = context.params.get("where"), context.params.get("stack")
            target = resolve(where, stack or DEFAULT_STACK, QUICK)
            found.extend(n for n in names(target, begun) if n.isprintable())
        except Exception:  # noqa: BLE001, S110 - a prompt is no place for an error
            pass

    # A daemon, so that a connection that hangs does not hold the shell.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    return list(found)


def complete_run(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a training run."""
    return _asked(ctx, incomplete, runs)


def complete_batch(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of a batch."""
    return _asked(ctx, incomplete, batches)


def complete_detector(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete a detector, ``name@version``."""
    return _asked(ctx, incomplete, detectors)
