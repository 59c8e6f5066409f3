"""Serve the embedded detector by the resizer it was fitted with, and by the other one.

python -m benchmarks.resizers DATA --out benchmarks/detection/resizers.json

The detector learnt from most of the images, so that its AUC here says nothing of it; what counts is
what changes.
"""

import importlib.metadata
import json

import numpy as np
from sklearn.metrics import roc_auc_score

from batch_inference.cpus import available_cpus
from benchmarks.agreement import agreement
from benchmarks.graphs import BATCH, read, read_options, score, some_of
from detector.package import Graph, check_file, load_package
from detector.resize import RESIZERS
from training import embedded
from training.features import open_session

PACKAGES = ("cykooz-resizer", "pillow")


def main() -> None:
    """Measure and write."""
    arguments = read_options("benchmarks.resizers", __doc__)
    folder = embedded.build()
    package = load_package(folder)
    images = some_of(arguments.data, arguments.per_group)
    target = [image.target for image in images]
    session = open_session(check_file(folder, package.graph(Graph.INT8)), available_cpus())
    own = package.preprocessing.resizer
    logits, pixels = {}, {}
    for name in RESIZERS:
        spec = package.preprocessing.model_copy(update={"resizer": name})
        pixels[name] = read([image.path for image in images], spec)
        logits[name], _ = score(session, pixels[name], BATCH)
    result: dict[str, object] = {
        "detector": f"{package.name}@{package.version}",
        "fitted_with": own,
        "images": len(images),
        "command": "python -m benchmarks.resizers DATA "
        f"--per-group {arguments.per_group} --out {arguments.out}",
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "auc": {name: round(float(roc_auc_score(target, row)), 5) for name, row in logits.items()},
    }
    for name in RESIZERS:
        if name != own:
            away = np.abs(pixels[name].astype(int) - pixels[own])
            result[name] = {
                **agreement(package, logits[own], logits[name]),
                "pixels_within_one_level": round(float((away <= 1).mean()), 5),
                "pixels_equal": round(float((away == 0).mean()), 5),
                "largest_pixel_difference": int(away.max()),
            }
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
