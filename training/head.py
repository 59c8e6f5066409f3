"""A fitted head: a small safetensors file, and the record of how it came to be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from detector.calibration import Calibration
from detector.contract import Contract
from detector.package import (
    Encoder,
    FittedOn,
    PackageFile,
    Preprocessing,
    check_file,
    describe_file,
)
from detector.training_request import Recipe
from detector.verdict import Decision
from training.tower import LinearHead
from training.vision import Array

RECORD_FILE = "head.json"
WEIGHTS_FILE = "head.safetensors"
CARD_FILE = "MODEL_CARD.md"
EVALUATION_FILE = "evaluation.json"
DETAILS_FILE = "evaluation-details.json"
# In a package: how it does on the test of its own run.
TEST_FILE = "evaluation-test.json"


class HeadError(RuntimeError):
    """A fitted head is incomplete or was altered."""


class HeadRecord(Contract):
    """``head.json``: everything of a detector that is not an encoder weight or a head weight."""

    SCHEMA: ClassVar[str] = "aidetect.head/1"

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")
    created_at: str
    weights: PackageFile
    model_card: PackageFile
    encoder: Encoder
    preprocessing: Preprocessing
    calibration: Calibration
    decision: Decision
    data: FittedOn
    strength: float
    learnt_from: tuple[str, ...]
    command: str
    built_with: dict[str, str]
    metrics: dict[str, float]
    recipe: Recipe = Recipe.PROBE
    # What the recipe changed in the encoder: training/adaptation.py.
    adaptation: PackageFile | None = None
    # How the head did on sources it never saw, when it was fitted: detector/evaluation.py.
    evaluation: PackageFile | None = None
    # The curves of that evaluation: training/details.py.
    details: PackageFile | None = None
    # What drift is told by: detector/drift_reference.py.
    drift: PackageFile | None = None


@dataclass(frozen=True)
class Head:
    """Standardise each tapped class token, weigh it, add up.

    ``mean``, ``scale`` and ``weight`` are float32 [T, hidden], one row per layer.
    """

    layers: tuple[int, ...]
    mean: Array
    scale: Array
    weight: Array
    bias: float

    def logits(self, taps: Array) -> Array:
        """Return float32 [N] for taps [N, T, hidden] of exactly these layers."""
        normal: npt.NDArray[np.float32] = (taps - self.mean) / self.scale
        total = np.tensordot(normal.astype(np.float64), self.weight.astype(np.float64), 2)
        logits: Array = (total + self.bias).astype(np.float32)
        return logits

    def folded(self) -> LinearHead:
        """Return the same head with the standardisation worked into weight and bias.

        Sums run in float64 and in a fixed order, so that every machine gets the same bytes.
        """
        weight = self.weight.astype(np.float64) / self.scale
        shift = 0.0
        for term in (weight * self.mean).ravel().tolist():
            shift += term
        return LinearHead(self.layers, weight.astype(np.float32), self.bias - shift)

    def dumps(self) -> bytes:
        """Return the weights as safetensors."""
        tensors: dict[str, npt.NDArray[Any]] = {
            "layers": np.array(self.layers, np.int64),
            "mean": self.mean,
            "scale": self.scale,
            "weight": self.weight,
            "bias": np.array([self.bias], np.float64),
        }
        return bytes(save_tensors(tensors))

    @classmethod
    def loads(cls, data: bytes) -> Self:
        """Read the weights from safetensors."""
        t = load_tensors(data)
        layers = tuple(int(layer) for layer in t["layers"])
        return cls(layers, t["mean"], t["scale"], t["weight"], float(t["bias"][0]))


def write_head(folder: Path, head: Head) -> PackageFile:
    """Write the weights file and return its description."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WEIGHTS_FILE
    path.write_bytes(head.dumps())
    return describe_file(path)


def read_head(folder: Path) -> tuple[HeadRecord, Head]:
    """Read a fitted head, checking the SHA-256 of its files.

    Raises
    ------
    HeadError
        If there is no record, or it does not fit the weights.
    detector.package.PackageError
        If a file is missing or altered.
    detector.contract.ContractError
        If the record is not valid.
    """
    path = folder / RECORD_FILE
    if not path.is_file():
        raise HeadError(
            f"{folder} holds no fitted head ({RECORD_FILE} is missing); make one with: "
            f"python -m training fit DATA --out {folder}"
        )
    record = HeadRecord.parse(path.read_bytes(), where=str(path))
    check_file(folder, record.model_card)
    head = Head.loads(check_file(folder, record.weights).read_bytes())
    if head.layers != record.encoder.layers:
        raise HeadError(
            f"{path} names layers {list(record.encoder.layers)} but {WEIGHTS_FILE} holds "
            f"{list(head.layers)}; fit the head again"
        )
    return record, head
