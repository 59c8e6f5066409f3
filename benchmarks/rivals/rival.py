"""A rival: its package in an environment of its own, and the process that scores for us there."""

import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from PIL import Image

from benchmarks.environment import environment
from detector.verdict import Decision

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Rival:
    """What somebody would install instead. ``decision``: the bands that its authors publish."""

    package: str
    version: str
    decision: Decision
    about: str

    @property
    def name(self) -> str:
        """Package and version."""
        return f"{self.package} {self.version}"

    def environment(self, cache: Path) -> Path:
        """Return the interpreter of the rival's own environment, made on first use.

        Raises
        ------
        benchmarks.environment.EnvironmentFailedError
            If the package cannot be installed; a next call begins anew.
        """
        return environment([f"{self.package}=={self.version}"], cache)


# bands: sahu65/config/thresholds.json in the wheel, T_hi and T_lo.
RIVALS = (
    Rival(
        "sahu65",
        "1.1.0",
        Decision(threshold=0.879408, unsure_from=0.263823),
        "CLIP ViT-B/16 in int8 with a linear probe; MIT weights; its card: AUC 0.82",
    ),
)


class Scorer:
    """A rival's running process. Use as a context."""

    def __init__(self, rival: Rival, cache: Path) -> None:
        self._command = [str(rival.environment(cache)), str(HERE / f"worker_{rival.package}.py")]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate()

    def predict(self, image: Image.Image) -> float:
        """Return the rival's probability that an RGB image is AI-generated.

        Raises
        ------
        RuntimeError
            If the rival's process ended; its own words stand on standard error.
        """
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("use the scorer as a context")
        buffer = io.BytesIO()
        # Lossless: the copy's own compression is what is judged. Not packed, for it is read once.
        image.save(buffer, "PNG", compress_level=0)
        process.stdin.write(len(buffer.getvalue()).to_bytes(8, "big") + buffer.getvalue())
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the rival ended with exit status {process.wait()}")
        return float(line)
