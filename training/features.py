"""Class tokens of labelled images, computed once per content and kept on disk."""

import hashlib
import io
import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image

from batch_inference.engine import CPU, CUDA
from detector.package import Preprocessing
from detector.preprocess import Pixels, preprocess, upright_rgb
from training.dataset import DatasetError, LabelledImage
from training.ladder import make_copy
from training.vision import Array

# Raised when pixels or degradations of the same image change: old features are then not found.
RECIPE = 1

Progress = Callable[[int, int], None]
# Names of copies: training.degrade.Variant, or rungs of training.ladder.
Copy = TypeVar("Copy", bound=str)
# How an upright RGB copy becomes what the graph takes, uint8 [S, S, 3].
View = Callable[[Image.Image, Preprocessing], Pixels]


@dataclass(frozen=True)
class Job:
    """One image whose copies in ``variants`` are still to be computed."""

    image: LabelledImage
    sha256: str
    variants: tuple[str, ...]


class Session(Protocol):
    """What :class:`onnxruntime.InferenceSession` is used for here."""

    def run(self, output_names: Sequence[str], input_feed: dict[str, Any]) -> Sequence[Any]:
        """Return the named outputs."""
        ...


class Store(Protocol):
    """Keeps features by image content and variant."""

    layers: tuple[int, ...]

    def get(self, sha256: str, variant: str) -> Array | None:
        """Return one image's features, float32 [T, hidden], or nothing."""
        ...

    def put(self, sha256: str, features: Mapping[str, Array]) -> None:
        """Keep one image's features."""
        ...

    def flush(self) -> None:
        """Write what is held back."""
        ...


def tag_of(encoder: str, layers: tuple[int, ...], spec: Preprocessing) -> str:
    """Name what features depend on besides the image: encoder, layers, pixels."""
    pixels = "" if spec == Preprocessing(size=spec.size) else spec.model_dump_json()
    return hashlib.sha256(f"{encoder}/{layers}/{RECIPE}{pixels}".encode()).hexdigest()[:16]


class FeatureStore:
    """Features on disk, one file per image content and variant.

    Parameters
    ----------
    folder
        Where they lie.
    encoder
        SHA-256 of the encoder's weights file.
    layers
        Blocks whose class token is kept.
    spec
        Preprocessing.
    """

    def __init__(
        self,
        folder: Path,
        encoder: str,
        layers: tuple[int, ...],
        spec: Preprocessing | None = None,
    ) -> None:
        self.layers = layers
        self.folder = folder / tag_of(encoder, layers, spec or Preprocessing())

    def path(self, sha256: str, variant: str) -> Path:
        """Return where an image's features lie."""
        return self.folder / str(variant) / sha256[:2] / f"{sha256}.npy"

    def put(self, sha256: str, features: Mapping[str, Array]) -> None:
        """Keep one image's features, each float32 [T, hidden], all or nothing."""
        for variant, value in features.items():
            path = self.path(sha256, variant)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "wb") as stream:
                np.save(stream, value, allow_pickle=False)
            Path(name).replace(path)

    def flush(self) -> None:
        """Nothing is held back."""

    def get(self, sha256: str, variant: str) -> Array | None:
        """Return one image's features, or nothing when absent or damaged."""
        try:
            value = np.load(self.path(sha256, variant), allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError):
            return None
        return value if value.dtype == np.float32 and len(value) == len(self.layers) else None


def read_pixels(
    data: bytes,
    variants: Sequence[str],
    seed: int,
    spec: Preprocessing,
    view: View = preprocess,
) -> npt.NDArray[np.uint8]:
    """Decode an image once and return its copies as the graph takes them, uint8 [V, S, S, 3]."""
    with Image.open(io.BytesIO(data)) as image:
        upright = upright_rgb(image)
    copies: list[Pixels] = [view(make_copy(upright, v, seed), spec) for v in variants]
    return np.stack(copies)


def content_of(image: LabelledImage) -> tuple[bytes, int]:
    """Return an image's bytes, and the seed that its random copies are drawn from."""
    data = image.path.read_bytes()
    return data, seed_of(hashlib.sha256(data).hexdigest())


def seed_of(sha256: str) -> int:
    """Return the seed of a content's random copies."""
    return int(sha256[:15], 16)


def open_session(model: bytes | Path, threads: int, *, cuda: bool = False) -> ort.InferenceSession:
    """Open an ONNX graph, on the CPU with a fixed number of threads, or on the GPU."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    source = model if isinstance(model, bytes) else str(model)
    if cuda:
        ort.preload_dlls()
    return ort.InferenceSession(source, options, providers=[CUDA, CPU] if cuda else [CPU])


def _pixels_of(job: Job, spec: Preprocessing, view: View) -> npt.NDArray[np.uint8]:
    data = job.image.path.read_bytes()
    try:
        return read_pixels(data, job.variants, seed_of(job.sha256), spec, view)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{job.image.path} cannot be read as an image ({error}); remove it from the data"
        ) from error


def _ahead(
    jobs: Sequence[Job], spec: Preprocessing, view: View, pool: ThreadPoolExecutor
) -> Iterator[tuple[Job, npt.NDArray[np.uint8]]]:
    """Decode a few images ahead of the encoder, in order."""
    queue = iter(jobs)
    waiting = [(j, pool.submit(_pixels_of, j, spec, view)) for j in itertools.islice(queue, 4)]
    while waiting:
        job, future = waiting.pop(0)
        waiting += [(j, pool.submit(_pixels_of, j, spec, view)) for j in itertools.islice(queue, 1)]
        yield job, future.result()


def extract(
    images: Sequence[LabelledImage],
    variants: Sequence[Copy],
    *,
    session: Callable[[], Session],
    store: Store,
    spec: Preprocessing,
    view: View = preprocess,
    progress: Progress = lambda _done, _total: None,
) -> dict[Copy, Array]:
    """Return the class tokens of every image in every variant, computing only what is not kept.

    Parameters
    ----------
    images, variants
        What is wanted.
    session
        Opens the graph with the output ``taps``; called only when something is to be computed.
    store
        What was computed before; new features are added at once, so a stopped run goes on.
    spec
        Preprocessing of the graph.
    view
        How a copy becomes pixels; features of another view belong in another store.
    progress
        Told of (images done, images in all).

    Returns
    -------
    By variant, float32 [len(images), T, hidden].

    Raises
    ------
    DatasetError
        If a file is not an image that can be read.
    """
    hashes = [hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images]
    jobs = {}
    for image, sha256 in zip(images, hashes, strict=True):
        lacking = tuple(v for v in variants if store.get(sha256, v) is None)
        if lacking:
            jobs[sha256] = Job(image, sha256, lacking)
    if jobs:
        try:
            _compute(list(jobs.values()), session(), store, spec, view, progress)
        finally:
            store.flush()
    found: dict[Copy, Array] = {}
    for variant in variants:
        rows = [store.get(sha256, variant) for sha256 in hashes]
        found[variant] = np.stack([row for row in rows if row is not None])
        if len(found[variant]) != len(images):
            raise OSError("features vanished while they were read; run again")
    return found


def _compute(
    jobs: list[Job],
    session: Session,
    store: Store,
    spec: Preprocessing,
    view: View,
    progress: Progress,
) -> None:
    with ThreadPoolExecutor(2) as pool:
        for done, (job, pixels) in enumerate(_ahead(jobs, spec, view, pool), start=1):
            (taps,) = session.run(["taps"], {"pixels": pixels})
            rows = (np.ascontiguousarray(row) for row in np.asarray(taps))
            store.put(job.sha256, dict(zip(job.variants, rows, strict=True)))
            progress(done, len(jobs))
