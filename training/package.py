"""A fitted head's detector package: its graphs, and what is said of them."""

import hashlib
from pathlib import Path

import onnx

from detector.drift_reference import DRIFT_FILE, DriftReference
from detector.package import (
    DESCRIPTION_FILE,
    DetectorPackage,
    Graph,
    PackageFile,
    describe_file,
)
from training.adaptation import Adaptation, adapted
from training.block import Linear, float_linear
from training.coarse import coarse_linear
from training.graph import OPSET
from training.head import (
    CARD_FILE,
    DETAILS_FILE,
    EVALUATION_FILE,
    TEST_FILE,
    Head,
    HeadError,
    HeadRecord,
    write_head,
)
from training.quantize import int8_linear
from training.tower import build_graph
from training.vision import Family, VisionWeights

FILES = {
    Graph.FP32: "model.onnx",
    Graph.FP16: "model.fp16.onnx",
    Graph.INT8: "model.int8.onnx",
}


def build_package(
    folder: Path,
    record: HeadRecord,
    head: Head,
    weights: VisionWeights,
    *,
    adaptation: Adaptation | None = None,
    evaluation: bytes | None = None,
    test: bytes | None = None,
    details: bytes | None = None,
    drift: bytes | None = None,
    fine: bool = False,
) -> DetectorPackage:
    """Write a detector package into a folder that holds its card, ``detector.json`` last.

    Parameters
    ----------
    folder
        Where to; holds nothing but the model card.
    record, head
        The fitted head.
    weights
        The encoder as it was before tuning.
    adaptation
        What tuning changed in it, where it was tuned.
    evaluation
        ``evaluation.json`` of images held out when the head was fitted, where there is one.
    test
        The evaluation on the test of the head's own run, where there is one.
    details
        The curves of ``test``, or else of ``evaluation``.
    drift
        The drift reference, where there is one.
    fine
        Write all tokens of the 8-bit graph in two digits, not the class token alone: slower, for
        an encoder that loses too much otherwise.

    Raises
    ------
    HeadError
        If the head was fitted on other encoder weights, or on an adaptation that is not given.
    """
    _check(record, weights, adaptation)
    if adaptation is not None:
        weights = adapted(weights, adaptation)
    files: dict[Graph, PackageFile] = {}
    for precision, file in FILES.items():
        linear, first = _linear(precision, weights, fine=fine)
        model = build_graph(
            weights,
            record.preprocessing,
            head=head.folded(),
            linear=linear,
            first=first,
            half=precision is Graph.FP16,
        )
        onnx.save(model, folder / file)
        files[precision] = describe_file(folder / file)
    head_file = write_head(folder, head)
    further = {
        EVALUATION_FILE: evaluation,
        TEST_FILE: test,
        DETAILS_FILE: details,
        DRIFT_FILE: drift,
    }
    told = {name: _written(folder / name, data) for name, data in further.items()}
    package = DetectorPackage(
        name=record.name,
        version=record.version,
        created_at=record.created_at,
        graphs=files,
        model_card=describe_file(folder / CARD_FILE),
        preprocessing=record.preprocessing,
        calibration=record.calibration,
        decision=record.decision,
        encoder=record.encoder,
        opset=OPSET,
        built_with=record.built_with,
        metrics=record.metrics,
        evaluation=told[EVALUATION_FILE],
        learnt_sources=record.data.sources,
        head=head_file,
        recipe=record.recipe,
        test=told[TEST_FILE],
        details=told[DETAILS_FILE],
        data=record.data,
        command=record.command,
        drift=told[DRIFT_FILE],
    )
    return _named(folder, package, record.version)


def _linear(
    precision: Graph, weights: VisionWeights, *, fine: bool
) -> tuple[Linear, Linear | None]:
    """Choose how linear layers are written, and how the class token's where otherwise."""
    if precision is not Graph.INT8:
        return float_linear, None
    # The mean over SigLIP's patches, which its head reads, was not measured in coarse digits.
    if fine or weights.config.family is Family.SIGLIP:
        return int8_linear, None
    return coarse_linear, int8_linear


def add_reference(
    folder: Path, package: DetectorPackage, version: str, reference: DriftReference
) -> DetectorPackage:
    """Add a drift reference to a package that is not published yet; returns it, named anew."""
    file = _written(folder / DRIFT_FILE, reference.model_dump_json().encode() + b"\n")
    return _named(folder, package.model_copy(update={"drift": file, "version": version}), version)


def _named(folder: Path, package: DetectorPackage, version: str) -> DetectorPackage:
    """Write a package's description, whose version says what is in it."""
    package = package.model_copy(update={"version": f"{version}-{_identity(package)}"})
    (folder / DESCRIPTION_FILE).write_text(package.model_dump_json(indent=2) + "\n")
    return package


def _written(path: Path, data: bytes | None) -> PackageFile | None:
    if data is None:
        return None
    path.write_bytes(data)
    return describe_file(path)


def _check(record: HeadRecord, weights: VisionWeights, adaptation: Adaptation | None) -> None:
    if weights.sha256 != record.encoder.sha256:
        raise HeadError(
            f"the head was fitted on encoder weights with SHA-256 {record.encoder.sha256} "
            f"({record.encoder.source}) but these have {weights.sha256} ({weights.source}); "
            "use the same weights or fit the head again"
        )
    if (adaptation is None) != (record.adaptation is None):
        wants = "an unchanged encoder" if record.adaptation is None else "a tuned encoder"
        raise HeadError(
            f"{record.name} {record.version} was fitted on {wants}; give build_package the "
            "adaptation that its record names, or none where it names none"
        )


def _identity(package: DetectorPackage) -> str:
    """Eight hex digits over all of a package, the hash of each file among it.

    So that no two detectors share a version if a single byte of them differs.
    """
    return hashlib.sha256(package.dumps().encode()).hexdigest()[:8]
