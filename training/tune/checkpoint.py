"""Checkpoints: safetensors and JSON in a storage, whole or not at all.

A checkpoint's files are written first, under names of their own; then ``latest.json`` is replaced,
which names them with their SHA-256. Whoever is killed in between leaves the previous one in force.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from detector.contract import Contract, ContractError, Part
from training.degrade import Variant
from training.storage import MissingFileError, Storage
from training.tune.errors import CheckpointError, DivergedError

LATEST = "latest.json"
JUDGED = "judged.safetensors"
# The newest, and one to fall back on.
KEEP = 2

Tensors = dict[str, npt.NDArray[Any]]


class KeptFile(Part):
    """A file of the storage and its SHA-256."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Kept(Part):
    """The files of one checkpoint."""

    step: int
    tensors: KeptFile
    state: KeptFile


class Latest(Contract):
    """``latest.json``: whose checkpoints these are, and which are whole, newest first."""

    SCHEMA: ClassVar[str] = "aidetect.checkpoints/1"

    job: str
    kept: tuple[Kept, ...] = ()
    judged: KeptFile | None = None


class State(Part):
    """The numbers of a checkpoint. ``seconds`` is how long it took to get there."""

    step: int
    seconds: float
    scaler: dict[str, float] = Field(default_factory=dict)
    history: list[dict[str, float]] = Field(default_factory=list)


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands: everything it needs to go on."""

    state: State
    tensors: Tensors = field(repr=False)


class Checkpoints:
    """The checkpoints of one job.

    Parameters
    ----------
    storage
        A folder for this job alone.
    job
        The job's fingerprint.
    tell
        Told of what is damaged.
    """

    def __init__(self, storage: Storage, job: str, tell: Callable[[str], None]) -> None:
        self.storage, self.tell = storage, tell
        self._latest = Latest(job=job)

    def load(self) -> Checkpoint | None:
        """Return the newest whole checkpoint, if there is one.

        Raises
        ------
        CheckpointError
            If the folder holds another job's.
        """
        try:
            found = Latest.parse(self.storage.read(LATEST), where=f"{self.storage.uri}/{LATEST}")
        except MissingFileError:
            return None
        except ContractError as error:
            self.tell(f"Checkpoints cannot be used, training begins anew: {error}")
            return None
        if found.job != self._latest.job:
            raise CheckpointError(
                f"{self.storage.uri} holds checkpoints of a job with other settings, images, "
                "encoder or head; give this job a folder of its own, or delete that one"
            )
        for number, kept in enumerate(found.kept):
            tensors, state = self._whole(kept.tensors), self._whole(kept.state)
            if tensors is not None and state is not None:
                whole = {"kept": found.kept[number:], "judged": found.judged}
                self._latest = self._latest.model_copy(update=whole)
                return Checkpoint(State.model_validate_json(state), load_tensors(tensors))
        return None

    def _whole(self, file: KeptFile) -> bytes | None:
        try:
            data = self.storage.read(file.name)
        except MissingFileError:
            data = b""
        if hashlib.sha256(data).hexdigest() == file.sha256:
            return data
        self.tell(f"{self.storage.uri}/{file.name} is missing or damaged; an older one is used")
        return None

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint; nothing happens if this step is kept already.

        Raises
        ------
        DivergedError
            If a weight is not finite.
        """
        step = checkpoint.state.step
        if self._latest.kept and self._latest.kept[0].step == step:
            return
        for name, value in checkpoint.tensors.items():
            if not np.isfinite(value).all():
                raise DivergedError(
                    f"{name} is not finite after step {step}, so it is not kept; lower "
                    "learning_rate, or take precision: fp32"
                )
        kept = Kept(
            step=step,
            tensors=self._put(f"step-{step:08d}/tensors.safetensors", checkpoint.tensors),
            state=self._put(f"step-{step:08d}/state.json", checkpoint.state),
        )
        self._point(kept=(kept, *self._latest.kept)[:KEEP], judged=None)

    def _put(self, name: str, content: Mapping[str, npt.NDArray[Any]] | State) -> KeptFile:
        if isinstance(content, State):
            data = content.model_dump_json().encode()
        else:
            data = bytes(save_tensors({k: content[k] for k in sorted(content)}))
        self.storage.write(name, data)
        return KeptFile(name=name, sha256=hashlib.sha256(data).hexdigest())

    def _point(self, **changed: object) -> None:
        self._latest = self._latest.model_copy(update=changed)
        self.storage.write(LATEST, self._latest.dumps().encode(), content_type="application/json")
        named = {file.name for kept in self._latest.kept for file in (kept.tensors, kept.state)}
        for name in self.storage.names("step-"):
            if name not in named:
                self.storage.delete(name)

    def put_judged(self, logits: Mapping[Variant, npt.NDArray[np.float64]]) -> None:
        """Keep the held images' logits, which belong to the newest checkpoint."""
        file = self._put(JUDGED, {variant.value: values for variant, values in logits.items()})
        self._point(judged=file)

    def judged(self) -> dict[Variant, npt.NDArray[np.float64]] | None:
        """Return the held images' logits, if they were kept."""
        if self._latest.judged is None or (data := self._whole(self._latest.judged)) is None:
            return None
        found = load_tensors(data)
        return {variant: found[variant.value] for variant in Variant if variant.value in found}
