"""A Batch job that uses what its definition mounts and names. Not a test."""

import os
from pathlib import Path

folder = Path(os.environ["TRAINING_SCRATCH"])
folder.mkdir(parents=True, exist_ok=True)
kept = folder / "kept"
print("before:", kept.exists())  # noqa: T201
kept.write_text(os.environ["SESAME"])
print("secret:", kept.read_text())  # noqa: T201
own = Path(os.environ["OWN"])
print("own before:", own.exists())  # noqa: T201
own.mkdir()
print("own:", own)  # noqa: T201
print("folder:", folder)  # noqa: T201
