"""The detector package that comes with the project, or of any other fitted head.

Built on first use into the cache and verified on every reuse. Its bytes are the same on every
machine: the encoder is pinned by hash, the graph is written in a fixed order, and the times and
versions in ``detector.json`` are those of the fit.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from detector.cache import cache_home
from detector.contract import ContractError
from detector.package import (
    PackageError,
    check_file,
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
    package,
    patches,
    quantize,
    rope,
    saturation,
    siglip,
    tower,
    wheel,
)
from training.adaptation import Adaptation
from training.cache import put_folder, staging
from training.head import (
    CARD_FILE,
    HeadRecord,
    read_head,
)
from training.package import build_package
from training.weights import load, name_of

DATA = Path(__file__).parent / "embedded_data"
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
    package,
    patches,
    quantize,
    rope,
    saturation,
    siglip,
    tower,
    wheel,
)

Say = Callable[[str], None]


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
