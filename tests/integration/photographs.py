"""Many different real photographs out of the few that open-source packages ship."""

import random
from pathlib import Path

from PIL import Image

from aidetect.samples import write_samples


def write_photographs(
    folder: Path, count: int, seed: int = 0, most: int | None = None
) -> list[Path]:
    """Write crops of real photographs, each of its own place, size, format and quality.

    ``most`` shrinks them to at most so many pixels a side.
    """
    rng = random.Random(seed)
    originals = folder.parent / f"{folder.name}-originals"
    sources = [Image.open(p).convert("RGB") for p in write_samples(originals)]
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number in range(count):
        source = sources[number % len(sources)]
        side = rng.randint(200, min(source.size))
        left = rng.randint(0, source.width - side)
        top = rng.randint(0, source.height - side)
        image = source.crop((left, top, left + side, top + side))
        if number % 2:
            image = image.resize((rng.randint(160, 640), rng.randint(160, 640)))
        if most is not None:
            image.thumbnail((most, most))
        suffix = rng.choice([".jpg", ".jpg", ".png", ".webp"])
        path = folder / f"{number:05d}{suffix}"
        image.save(path, quality=rng.randint(60, 95))
        written.append(path)
    return written
