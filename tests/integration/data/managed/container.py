"""A training container in small: reads what the contract promises and writes where it says.

Not a test; run by the local AWS as a training job's process.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

ROOT = Path(os.environ["AIDETECT_OPT_ML"])


def stopped(_number: int, _frame: FrameType | None) -> None:
    (ROOT / "checkpoints" / "stopped").write_text("kept")
    sys.exit(143)


def main() -> int:
    asked = json.loads((ROOT / "input/config/hyperparameters.json").read_text())
    seen = sorted(p.name for p in (ROOT / "input/data/dataset").iterdir())
    earlier = sorted(p.name for p in (ROOT / "checkpoints").iterdir())
    print("metric train/loss=0.5")  # noqa: T201
    print(f"metric train/loss=0.25 {os.environ['TRAINING_JOB_NAME']}")  # noqa: T201
    (ROOT / "checkpoints" / "step-1").write_text("weights")
    if asked["how"] == "fail":
        (ROOT / "output/failure").write_text("the dataset holds one class only: " + "x" * 2000)
        return 2
    if asked["how"] == "wait":
        signal.signal(signal.SIGTERM, stopped)
        time.sleep(60)
    told = {"seen": seen, "earlier": earlier, "scratch": os.environ["TRAINING_SCRATCH"]}
    (ROOT / "model" / "told.json").write_text(json.dumps(told))
    (ROOT / "output/data/progress.json").write_text("{}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
