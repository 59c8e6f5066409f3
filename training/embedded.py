"""The detector that comes with the project: the fitted head committed here, on the encoder fetched.

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
from training import graph, quantize, tower, wheel
from training.cache import put_folder, staging
from training.head import CARD_FILE, Head, HeadError, HeadRecord, read_head
from training.quantize import int8_linear
from training.tower import Linear, build_graph, float_linear
from training.vision import VisionWeights
from training.weights import WHEEL, load

DATA = Path(__file__).parent / "embedded_data"
GRAPHS: dict[Graph, tuple[str, Linear]] = {
    Graph.FP32: ("model.onnx", float_linear),
    Graph.INT8: ("model.int8.onnx", int8_linear),
}

Say = Callable[[str], None]


def build_package(folder: Path, record: HeadRecord, head: Head, weights: VisionWeights) -> None:
    """Write a detector package into an empty folder, ``detector.json`` last.

    Raises
    ------
    HeadError
        If the head was fitted on other encoder weights.
    """
    if weights.sha256 != record.encoder.sha256:
        raise HeadError(
            f"the head was fitted on encoder weights with SHA-256 {record.encoder.sha256} "
            f"({record.encoder.source}) but these have {weights.sha256} ({weights.source}); "
            "use the same weights or fit the head again"
        )
    card = folder / CARD_FILE
    files: dict[Graph, PackageFile] = {}
    for name, (file, linear) in GRAPHS.items():
        model = build_graph(weights, record.preprocessing, head=head.folded(), linear=linear)
        onnx.save(model, folder / file)
        files[name] = describe_file(folder / file)
    described = describe_file(card)
    package = DetectorPackage(
        name=record.name,
        version=f"{record.version}-{_identity(record, files, described)}",
        created_at=record.created_at,
        graphs=files,
        model_card=described,
        preprocessing=record.preprocessing,
        calibration=record.calibration,
        decision=record.decision,
        encoder=record.encoder,
        opset=graph.OPSET,
        built_with=record.built_with,
        metrics=record.metrics,
    )
    (folder / DESCRIPTION_FILE).write_text(package.model_dump_json(indent=2) + "\n")


def _identity(record: HeadRecord, files: dict[Graph, PackageFile], card: PackageFile) -> str:
    """Eight hex digits over all that decides a verdict: no two detectors share a version."""
    parts = [record.dumps(), card.sha256, *(file.sha256 for file in files.values())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _recipe(folder: Path) -> str:
    """Twelve hex digits over the head's files and the code that writes the graphs."""
    code = [Path(str(m.__file__)) for m in (graph, quantize, tower, wheel)] + [Path(__file__)]
    files = sorted(p for p in folder.iterdir() if p.is_file())
    digest = hashlib.sha256("".join(sha256_of(path) for path in [*code, *files]).encode())
    return digest.hexdigest()[:12]


def encoder_of(record: HeadRecord) -> str:
    """Name the encoder a head was fitted on, as :func:`training.weights.load` takes it."""
    encoder = record.encoder
    if encoder.source == wheel.SOURCE:
        return WHEEL
    return f"{encoder.source.removeprefix('hub:')}@{encoder.revision}"


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
        build_package(fresh, record, head, weights)
        put_folder(fresh, target)
    return target
