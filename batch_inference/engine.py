"""The detector's graph, ready to run: pixels in, logits and embeddings out."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from batch_inference import log
from batch_inference.cpus import available_cpus
from batch_inference.errors import ScoringError
from detector.package import DetectorPackage, Graph
from detector.preprocess import Pixels

Floats = npt.NDArray[np.float32]

CUDA = "CUDAExecutionProvider"
CPU = "CPUExecutionProvider"
OUTPUTS = ("logit", "embedding")
HEAT = "heat"
# The driver's control device; without it the CUDA libraries only fail later, and louder.
NVIDIA_DEVICE = Path("/dev/nvidiactl")
# A GPU is fed best by large batches; a CPU gains nothing beyond a few images and loses latency.
CUDA_BATCH = 64
CPU_BATCH = 8
# With a thread for each batch, what two images need still lies in its processor's own cache.
LANE_BATCH = 2


@dataclass(frozen=True, slots=True)
class Scores:
    """What the graph says: ``logits`` float32 [N], ``embeddings`` float32 [N, D].

    ``heat`` is float32 [N, side, side]: each patch's share in the logit, towards AI where positive
    (training/heat.py); None of a graph that does not say it, as those of older packages.
    """

    logits: Floats
    embeddings: Floats
    heat: Floats | None = None


class Engine(Protocol):
    """Scores batches of pixels, up to ``lanes`` of them at once, each in a thread of its own."""

    provider: str
    graph: Graph
    batch_size: int
    lanes: int

    def run(self, pixels: Pixels) -> Scores:
        """Score uint8 [N, size, size, 3] RGB pixels, N from 1 to ``batch_size``."""
        ...


def cuda_usable() -> bool:
    """Tell whether this machine has a GPU and this ONNX Runtime can use it."""
    return CUDA in ort.get_available_providers() and NVIDIA_DEVICE.exists()


def choose_graph(asked: Graph | None, package: DetectorPackage, *, cuda: bool) -> Graph:
    """Return the graph to run: the one asked for, else the best of the package for the machine.

    On a CPU the 8-bit graph says what float32 says in half its time: docs/decisions/001.

    Raises
    ------
    PackageError
        If the package lacks it.
    """
    if asked is None:
        best = Graph.FP16 if cuda else Graph.INT8
        asked = best if best in package.graphs else Graph.FP32
    package.graph(asked)
    return asked


class OnnxEngine:
    """ONNX Runtime on CUDA or CPU.

    On CUDA every batch is padded to one size: the kernels chosen, and so the last bits of a result,
    then do not depend on how many images came together.

    Parameters
    ----------
    path
        The graph, already checked against its SHA-256.
    graph
        Its precision.
    cuda
        Whether to try the GPU.
    lanes
        Of how many batches at once a CPU runs each on its share of the processors. By itself one
        batch has them all, and answers soonest. One lane a processor scores a quarter more: threads
        that share a batch wait for each other many times in it, and longer where decode workers
        take turns with them.
    """

    def __init__(self, path: Path, graph: Graph, *, cuda: bool, lanes: int = 1) -> None:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.intra_op_num_threads = max(1, available_cpus() // lanes)
        options.inter_op_num_threads = 1
        # Threads that spin while they wait would take the decode workers' processors.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        if cuda:
            # CUDA and cuDNN come as wheels, which the dynamic linker does not search by itself.
            ort.preload_dlls()
        self._session = ort.InferenceSession(
            str(path), options, providers=[CUDA, CPU] if cuda else [CPU]
        )
        given = {output.name for output in self._session.get_outputs()}
        self._outputs = [*OUTPUTS, *({HEAT} & given)]
        self.graph = graph
        self.provider: str = self._session.get_providers()[0]
        self._pad = self.provider == CUDA
        self.lanes = 1 if self._pad else lanes
        self.batch_size = CUDA_BATCH if self._pad else CPU_BATCH if lanes == 1 else LANE_BATCH
        if cuda and not self._pad:
            log.warning("CUDA could not be used; scoring on the CPU, many times slower")

    def run(self, pixels: Pixels) -> Scores:
        """Score a batch; see :meth:`Engine.run`."""
        count = len(pixels)
        if self._pad and count < self.batch_size:
            filler = np.zeros((self.batch_size - count, *pixels.shape[1:]), np.uint8)
            pixels = np.concatenate([pixels, filler])
        return Scores(*(v[:count] for v in self._session.run(self._outputs, {"pixels": pixels})))


@lru_cache(maxsize=1)
def load_engine(path: Path, sha256: str, graph: Graph, *, cuda: bool, lanes: int = 1) -> OnnxEngine:
    """Return an engine, kept between the invocations of one Lambda sandbox.

    Raises
    ------
    ScoringError
        If ONNX Runtime cannot load the graph.
    """
    try:
        return OnnxEngine(path, graph, cuda=cuda, lanes=lanes)
    except Exception as error:
        # ONNX Runtime's exceptions share no base class but Exception.
        raise ScoringError(
            f"ONNX Runtime cannot load {path.name} (SHA-256 {sha256[:12]}…): {error}; the detector "
            "was built for another version, or the machine has too little memory"
        ) from error
