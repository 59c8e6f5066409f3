"""Finds what is obviously in the wrong folder: by the names people give to sources."""

import re
from collections.abc import Iterable

from detector.evaluation import Label
from training.data.catalog import CatalogEntry

# Named alone, with a version at most: these make images, no camera does.
_GENERATOR = re.compile(
    r"(midjourney|mj|dall-?e([-_ ]?mini)?|(stable|latent)[-_ ]?diffusion|sd|sdxl|sd-?xl"
    r"|(style|pro|big|cycle|star|gau)gan|flux|imagen|firefly|ideogram|glide|deepfloyd|kandinsky"
    r"|adm|ddpm|vqdm|wukong|craiyon|gpt-?4o?|gpt-image|nano-?banana|diffusiondb|ai|fake|generated"
    r"|synthetic)[-_ .]?(v|turbo|xl|ada)?[-_ .]?\d*([.-]\d+)*",
    re.IGNORECASE,
)
_CAMERA = re.compile(
    r"(camera|cameras|photos?|photographs?|real|dslr|nikon|canon|iphone|smartphone|phone|flickr"
    r"|unsplash|natural|nature)",
    re.IGNORECASE,
)


def _last(source: str) -> str:
    return source.rpartition("/")[2].strip()


def mislabelled(entries: Iterable[CatalogEntry]) -> tuple[str, ...]:
    """Say, one sentence each, which sources' names contradict their class."""
    found = set()
    for entry in entries:
        last = _last(entry.source)
        if entry.label is Label.REAL and _GENERATOR.fullmatch(last):
            found.add(
                f"the source {entry.source!r} is labelled real and named after a generator; move "
                "it to ai/, or give it another name"
            )
        elif entry.label is Label.REAL and _GENERATOR.fullmatch(entry.generator.strip()):
            found.add(
                f"images of the source {entry.source!r} are labelled real and are said to be made "
                f"by the generator {entry.generator!r}; correct the manifest"
            )
        elif entry.label is Label.AI and _CAMERA.fullmatch(last):
            found.add(
                f"the source {entry.source!r} is labelled ai and named after photographs; move it "
                "to real/, or give it another name"
            )
    return tuple(sorted(found))
