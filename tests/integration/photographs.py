"""Many different real photographs out of the few that open-source packages ship."""

import random
from pathlib import Path

from PIL import Image

from aidetect.samples import write_samples


def write_photographs(
    folder: Path, count: int, seed: int = 0, side: int | None = None
) -> list[Path]:
    """Write crops of real photographs, each of its own place, size, format and quality.

    ``side`` makes them squares of so many pixels instead.
    """
    rng = random.Random(seed)
    originals = folder.parent / f"{folder.name}-originals"
    sources = [Image.open(p).convert("RGB") for p in write_samples(originals)]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number in range(count):
        source = sources[number % len(sources)]
        length = rng.randint(200, min(source.size))
        left = rng.randint(0, source.width - length)
        top = rng.randint(0, source.height - length)
        image = source.crop((left, top, left + length, top + length))
        if number % 2:
            image = image.resize((rng.randint(160, 640), rng.randint(160, 640)))
        if side is not None:
            image = image.resize((side, side))
        suffix = rng.choice([".jpg", ".jpg", ".png", ".webp"])
        path = folder / f"{number:05d}{suffix}"
        image.save(path, quality=rng.randint(60, 95))
        written.append(path)
    return written
