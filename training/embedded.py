"""A fitted head's detector package, and the one that comes with the project.

Built on first use into the cache and verified on every reuse. Its bytes are the same on every
machine: the encoder is pinned by hash, the graph is written in a fixed order, and the times and
versions in ``detector.json`` are those of the fit.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import onnx

from detector.cache import cache_home
from detector.contract import ContractError
from detector.drift_reference import DRIFT_FILE, DriftReference
from detector.package import (
    DESCRIPTION_FILE,
    DetectorPackage,
    Graph,
    PackageError,
    PackageFile,
    check_file,
    describe_file,
    load_package,
    sha256_of,
)
from training import (
    apart,
    block,
    class_token,
    clip,
    coarse,
    dinov3,
    graph,
    half,
    heat,
    linear_head,
    patches,
    quantize,
    rope,
    saturation,
    siglip,
    tower,
    wheel,
)
from training.adaptation import Adaptation, adapted
from training.block import Linear, float_linear
from training.cache import put_folder, staging
from training.coarse import coarse_linear
from training.head import (
    CARD_FILE,
    DETAILS_FILE,
    EVALUATION_FILE,
    TEST_FILE,
    Head,
    HeadError,
    HeadRecord,
    read_head,
    write_head,
)
from training.quantize import int8_linear
from training.tower import build_graph
from training.vision import Family, VisionWeights
from training.weights import load, name_of

DATA = Path(__file__).parent / "embedded_data"
FILES = {
    Graph.FP32: "model.onnx",
    Graph.FP16: "model.fp16.onnx",
    Graph.INT8: "model.int8.onnx",
}
# All code that graphs' bytes come from.
WRITERS = (
    apart,
    block,
    class_token,
    clip,
    coarse,
    dinov3,
    graph,
    half,
    heat,
    linear_head,
    patches,
    quantize,
    rope,
    saturation,
    siglip,
    tower,
    wheel,
)

Say = Callable[[str], None]


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
        opset=graph.OPSET,
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


def _recipe(folder: Path) -> str:
    """Twelve hex digits over the head's files and the code that writes the package."""
    code = [Path(str(module.__file__)) for module in WRITERS] + [Path(__file__)]
    files = sorted(p for p in folder.iterdir() if p.is_file())
    digest = hashlib.sha256("".join(sha256_of(path) for path in [*code, *files]).encode())
    return digest.hexdigest()[:12]


def encoder_of(record: HeadRecord) -> str:
    """Name the encoder a head was fitted on, as :func:`training.weights.load` takes it."""
    return name_of(record.encoder)


def parts_of(folder: Path, record: HeadRecord) -> tuple[Adaptation | None, bytes | None]:
    """Read the adaptation and the evaluation that a fitted head's record names, checked.

    Raises
    ------
    detector.package.PackageError
        If one is missing or altered.
    """
    adaptation = evaluation = None
    if record.adaptation:
        adaptation = Adaptation.load(str(check_file(folder, record.adaptation)))
    if record.evaluation:
        evaluation = check_file(folder, record.evaluation).read_bytes()
    return adaptation, evaluation


def details_of(folder: Path, record: HeadRecord) -> bytes | None:
    """Read the curves of the held-out evaluation that a fitted head's record names, checked.

    Raises
    ------
    detector.package.PackageError
        If they are missing or altered.
    """
    return check_file(folder, record.details).read_bytes() if record.details else None


def drift_of(folder: Path, record: HeadRecord) -> bytes | None:
    """Read the drift reference that a fitted head's record names, checked; None without one.

    Raises
    ------
    detector.package.PackageError
        If it is missing or altered.
    """
    return check_file(folder, record.drift).read_bytes() if record.drift else None


def verified(folder: Path) -> bool:
    """Tell whether a folder holds a whole, unaltered package."""
    try:
        for file in load_package(folder).files:
            check_file(folder, file)
    except (PackageError, ContractError):
        return False
    return True


def build(cache: Path | None = None, progress: Say | None = None, *, fitted: Path = DATA) -> Path:
    """Return the folder of a fitted head's detector package, building it on first use.

    Parameters
    ----------
    cache
        The cache folder; by default :func:`detector.cache.cache_home`.
    progress
        Told one sentence for each step that takes long.
    fitted
        Folder of the head, as ``python -m training fit`` writes it; by default the embedded one.

    Raises
    ------
    training.vision.WeightsError
        If the encoder's weights cannot be had.
    HeadError
        If the head is damaged.
    """
    say = progress or (lambda _text: None)
    root = cache or cache_home()
    record, head = read_head(fitted)
    adaptation, evaluation = parts_of(fitted, record)
    target = root / "detectors" / f"{record.name}-{record.version}-{_recipe(fitted)}"
    if verified(target):
        return target
    say("Fetching the encoder's weights (once)")
    weights = load(encoder_of(record), root)
    say("Building the detector")
    with staging(target) as temporary:
        fresh = temporary / "package"
        fresh.mkdir()
        (fresh / CARD_FILE).write_bytes((fitted / CARD_FILE).read_bytes())
        build_package(
            fresh,
            record,
            head,
            weights,
            adaptation=adaptation,
            evaluation=evaluation,
            details=details_of(fitted, record),
            drift=drift_of(fitted, record),
        )
        put_folder(fresh, target)
    return target
