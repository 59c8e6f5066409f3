"""Ray Data's batch inference: read, decode in tasks, an actor with the model; our graph.

Its clock starts when the actor has loaded the model, so starting Ray is not held against it.
"""

import io
import os
import time
from typing import Any

os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import numpy as np
import onnxruntime
import ray
from PIL import Image
from stopwatch import milliseconds, read_job, start, stop, tell

SIDE = 224
BATCH = 8


def prepare(row: dict[str, Any]) -> dict[str, Any]:
    """Decode one file to uint8 [224, 224, 3]."""
    image = Image.open(io.BytesIO(row["bytes"])).convert("RGB")
    scale = SIDE / min(image.size)
    size = [max(SIDE, int(side * scale)) for side in image.size]
    image = image.resize(size, Image.Resampling.BICUBIC)
    left, top = (size[0] - SIDE) // 2, (size[1] - SIDE) // 2
    return {"pixels": np.asarray(image.crop((left, top, left + SIDE, top + SIDE)))}


class Scorer:
    """Holds the model."""

    def __init__(self, graph: str, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Decoding goes on beside it on the same processors.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            graph, options, providers=["CPUExecutionProvider"]
        )
        self._session.run(["logit"], {"pixels": np.zeros((BATCH, SIDE, SIDE, 3), np.uint8)})
        self._ready = time.time()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Score a batch."""
        (logits,) = self._session.run(["logit"], {"pixels": np.stack(list(batch["pixels"]))})
        return {"logit": logits, "ready": np.full(len(logits), self._ready)}


def main() -> None:
    """Score everything, and tell."""
    job = read_job()
    ray.init(num_cpus=job.threads, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    graph = str(job.models / "model.int8.onnx")
    begun = start()
    found = (
        ray.data.read_binary_files([str(path) for path in job.photographs], include_paths=False)
        .map(prepare, num_cpus=0.5)
        .map_batches(
            Scorer,
            fn_constructor_args=(graph, job.threads),
            batch_size=BATCH,
            concurrency=1,
            num_cpus=1,
        )
        .take_all()
    )
    seconds = time.time() - min(row["ready"] for row in found)
    stop(begun)
    files = [{"bytes": path.read_bytes()} for path in job.sample]
    scorer = Scorer(graph, job.threads)
    pixels = np.stack([prepare(row)["pixels"] for row in files])
    stacked = [{"pixels": pixels[first : first + BATCH]} for first in range(0, len(files), BATCH)]
    tell(
        images=len(found),
        seconds=seconds,
        stages={
            "decode and prepare": milliseconds(lambda: [prepare(r) for r in files], len(files)),
            "infer": milliseconds(lambda: [scorer(one) for one in stacked], len(files)),
        },
        packages=("ray", "onnxruntime", "pillow", "pyarrow", "numpy"),
        settings=f"our int8 graph, batches of {BATCH}, one actor of {job.threads} threads, "
        "decoding in tasks of half a processor",
    )


main()
