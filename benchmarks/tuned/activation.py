"""What leaves a lower block of the frozen encoder, kept on disk, so that tuning starts there.

A step of tuning then costs the blocks above, forth and back, instead of all. Files are by image
content; a run that is stopped goes on where it was.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from onnx import TensorProto, helper

from training.dataset import LabelledImage
from training.features import Progress, open_session
from training.fitting import Setting
from training.quantize import int8_linear
from training.tower import build_graph
from training.vision import Array

Half = npt.NDArray[np.float16]
Pixels = npt.NDArray[np.uint8]
# Makes an image's copies as the encoder takes them: uint8 [C, size, size, 3].
Views = Callable[[LabelledImage], Pixels]
# A graph's cost grows with its batch only; few copies at a time keep memory small.
BATCH = 5


@dataclass(frozen=True)
class Activations:
    """Of N images in C copies: ``states`` float16 [N, C, tokens, hidden] after a block,
    ``taps`` float32 [N, C, T, hidden], class tokens after each of ``layers``.
    """

    layers: tuple[int, ...]
    states: Half
    taps: Array


def open_encoder(setting: Setting, block: int) -> ort.InferenceSession:
    """Open the frozen encoder: taps, and the residual stream after a block, counted from 1."""
    graph = build_graph(setting.encoder, setting.spec, layers=setting.layers, linear=int8_linear)
    c = setting.encoder.config
    shape = ["n", c.tokens, c.hidden_size]
    state = helper.make_tensor_value_info(state_name(block), TensorProto.FLOAT, shape)
    graph.graph.output.append(state)
    return open_session(graph.SerializeToString(), setting.threads)


def state_name(block: int) -> str:
    """Name the residual stream after a block in the graph."""
    return f"encoder.layers.{block - 1}.output"


def _put(path: Path, value: npt.NDArray[np.generic]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        np.save(stream, value, allow_pickle=False)
    Path(name).replace(path)


def activations(
    images: Sequence[LabelledImage],
    views: Views,
    folder: Path,
    setting: Setting,
    block: int,
    progress: Progress = lambda _done, _total: None,
) -> Activations:
    """Return what the frozen encoder makes of every image's copies, computing what is not kept.

    Parameters
    ----------
    images, views
        What is looked at, and how.
    folder
        Where results are kept: a folder of its own for each kind of views.
    setting
        The encoder.
    block
        The block after which tuning starts.
    """
    stem = f"{setting.encoder.sha256[:12]}-{block}"
    names = [hashlib.sha256(image.path.read_bytes()).hexdigest() for image in images]
    paths = [folder / stem / name[:2] / name for name in names]
    lacking = [i for i, path in enumerate(paths) if not path.with_suffix(".taps.npy").is_file()]
    if lacking:
        session = open_encoder(setting, block)
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(views, images[lacking[0]])
            for done, number in enumerate(lacking, start=1):
                pixels = ahead.result()
                if done < len(lacking):
                    ahead = pool.submit(views, images[lacking[done]])
                states, taps = _look(session, pixels, block)
                _put(paths[number].with_suffix(".states.npy"), states)
                # Last: it tells that both are there.
                _put(paths[number].with_suffix(".taps.npy"), taps)
                progress(done, len(lacking))
    first = np.load(paths[0].with_suffix(".states.npy"))
    states = np.empty((len(images), *first.shape), np.float16)
    for number, path in enumerate(paths):
        states[number] = np.load(path.with_suffix(".states.npy"))
    taps = np.stack([np.load(path.with_suffix(".taps.npy")) for path in paths])
    return Activations(setting.layers, states, taps)


def _look(session: ort.InferenceSession, pixels: Pixels, block: int) -> tuple[Half, Array]:
    states, taps = [], []
    for at in range(0, len(pixels), BATCH):
        state, tap = session.run([state_name(block), "taps"], {"pixels": pixels[at : at + BATCH]})
        states.append(np.asarray(state, np.float16))
        taps.append(np.asarray(tap, np.float32))
    return np.concatenate(states), np.concatenate(taps)
