"""The detector package: ``detector.json`` beside its ONNX graphs, each with its SHA-256."""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from detector.calibration import Calibration
from detector.contract import Contract, Part
from detector.training_request import Recipe
from detector.verdict import Decision

DESCRIPTION_FILE = "detector.json"
READ_BLOCK = 1 << 20


class PackageError(RuntimeError):
    """A detector package is incomplete, altered, or lacks what is asked of it."""


class Graph(StrEnum):
    """Precision of an ONNX graph."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


class PackageFile(Part):
    """A file of the package, named relative to ``detector.json``."""

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Preprocessing(Part):
    """How pixels reach the graph. Mean and std are applied inside the graph; here they inform.

    ``kind`` is ``resize_center_crop`` (CLIP's), ``resize_square`` (SigLIP's) or ``native_crop``:
    see :mod:`detector.preprocess`. ``resizer`` is one of :mod:`detector.resize`: what is fitted now
    has ``simd``; a package that names none was fitted with Pillow's. The other defaults are
    CLIP's own: https://github.com/openai/CLIP/blob/main/clip/clip.py
    """

    kind: str = "resize_center_crop"
    size: int = 224
    interpolation: str = "bicubic"
    resizer: str = "pillow"
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)


class Encoder(Part):
    """Where the encoder's weights came from."""

    name: str
    source: str
    revision: str = ""
    sha256: str = ""
    licence: str = ""
    layers: tuple[int, ...] = ()


class FittedOn(Part):
    """The data a head was fitted on: enough to recognise it again, no image and no file name."""

    name: str
    digest: str
    real: int
    ai: int
    sources: tuple[str, ...]


class DetectorPackage(Contract):
    """``detector.json``.

    Each graph takes ``pixels`` (uint8, [N, size, size, 3], RGB) and gives ``logit`` (float32, [N])
    and ``embedding`` (float32, [N, D]); those written since there are heat maps give ``heat`` too
    (float32, [N, side, side], each patch's share in the logit).
    """

    SCHEMA: ClassVar[str] = "aidetect.detector/1"

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]*$")
    created_at: str
    graphs: dict[Graph, PackageFile]
    model_card: PackageFile
    preprocessing: Preprocessing = Preprocessing()
    calibration: Calibration
    decision: Decision
    encoder: Encoder
    opset: int = 0
    built_with: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, float] = Field(default_factory=dict)
    # How it does on sources it never saw: detector/evaluation.py.
    evaluation: PackageFile | None = None
    learnt_sources: tuple[str, ...] = ()
    # The head by itself, for who has the encoder's features already; the graphs hold it as well.
    head: PackageFile | None = None
    recipe: Recipe = Recipe.PROBE
    # What a detector's page tells (training/page/detector_page.py), where it is known: how it does
    # on the test of its own run, whose images chose nothing (detector/evaluation.py); the curves of
    # that test, or else of ``evaluation`` (training/details.py); what it was fitted on, and how.
    test: PackageFile | None = None
    details: PackageFile | None = None
    data: FittedOn | None = None
    command: str = ""
    # What drift is told by: detector/drift_reference.py.
    drift: PackageFile | None = None

    def graph(self, graph: Graph) -> PackageFile:
        """Return a graph's file.

        Raises
        ------
        PackageError
            If the package does not have this graph.
        """
        if graph not in self.graphs:
            have = ", ".join(sorted(self.graphs)) or "none"
            raise PackageError(
                f"detector {self.name}@{self.version} has no {graph.value} graph (it has: {have}); "
                "build and publish it again"
            )
        return self.graphs[graph]

    @property
    def files(self) -> tuple[PackageFile, ...]:
        """Every file of the package but ``detector.json`` itself."""
        apart = (self.head, self.drift)
        return (*self.graphs.values(), *(file for file in apart if file), *self.told)

    @property
    def told(self) -> tuple[PackageFile, ...]:
        """The files for people, all small: what a detector's page is made from."""
        optional = (self.evaluation, self.test, self.details)
        return (*(file for file in optional if file), self.model_card)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, lower-case hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(READ_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def describe_file(path: Path) -> PackageFile:
    """Describe a file as part of a package."""
    return PackageFile(file=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)


def check_file(folder: Path, expected: PackageFile) -> Path:
    """Return the path of a package's file after checking its bytes.

    Raises
    ------
    PackageError
        If the file is missing or its SHA-256 differs.
    """
    path = folder / expected.file
    if not path.is_file():
        raise PackageError(f"{path} is missing from the detector package; fetch it again")
    found = sha256_of(path)
    if found != expected.sha256:
        raise PackageError(
            f"{path} has SHA-256 {found} but detector.json says {expected.sha256}: "
            "the file was altered or cut off; delete it and fetch it again"
        )
    return path


def load_package(folder: Path) -> DetectorPackage:
    """Read and validate ``detector.json`` of a package folder; check no file but this one.

    Raises
    ------
    PackageError
        If there is no ``detector.json``.
    detector.contract.ContractError
        If it is not valid.
    """
    path = folder / DESCRIPTION_FILE
    if not path.is_file():
        raise PackageError(f"{path} is missing: {folder} is not a detector package")
    return DetectorPackage.parse(path.read_bytes(), where=str(path))
