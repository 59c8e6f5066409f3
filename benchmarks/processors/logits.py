"""Score pixels on the processor that runs this; it may be emulated, so imports are few and small.

python benchmarks/processors/logits.py GRAPH PROBE PIXELS.npy
"""

import json
import sys

import numpy as np
import onnxruntime as ort


def main() -> None:
    """Print logits, and whether products saturate."""
    graph, probe, pixels = sys.argv[1:]
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    (saturates,) = ort.InferenceSession(probe, options).run(None, {})
    session = ort.InferenceSession(graph, options)
    logits = [
        float(np.asarray(session.run(["logit"], {"pixels": row[None]})[0])[0])
        for row in np.load(pixels)
    ]
    print(json.dumps({"saturates": bool(saturates), "logits": logits}))


if __name__ == "__main__":
    main()
