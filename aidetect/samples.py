"""Real photographs to try the product on: those that scikit-image and scikit-learn ship.

They are under open licences (https://github.com/scikit-image/scikit-image/blob/main/skimage/data,
scikit-learn's ``china.jpg`` and ``flower.jpg`` are CC-BY), so they may be shown.
"""

import shutil
import sys
from importlib.resources import files
from pathlib import Path

PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    "skimage.data": (
        "astronaut.png",
        "camera.png",
        "chelsea.png",
        "coffee.png",
        "motorcycle_left.png",
        "rocket.jpg",
    ),
    "sklearn.datasets.images": ("china.jpg", "flower.jpg"),
}


def write_samples(folder: Path) -> list[Path]:
    """Copy the photographs into a folder and return their paths.

    Raises
    ------
    FileNotFoundError
        If a package no longer ships a photograph.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for package, names in PHOTOGRAPHS.items():
        for name in names:
            target = folder / name
            with files(package).joinpath(name).open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            written.append(target)
    return written


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
