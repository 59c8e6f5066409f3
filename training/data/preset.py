"""Well-known public datasets, and how their folders and columns are to be read.

Licences are as their publishers state them; whoever imports a set accepts its terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from detector.evaluation import Label


@dataclass(frozen=True)
class Preset:
    """What need not be asked about a dataset.

    ``words`` say which folder name or column value is which class; ``label`` is the class of all
    images where there are none. ``sources`` names where the images of each class are from.
    """

    source: str
    licence: str
    label: Label | None = None
    words: Mapping[str, Label] = field(default_factory=dict)
    sources: Mapping[Label, str] = field(default_factory=dict)
    image_column: str = "image"
    revision: str = ""
    config: str = ""


FAKE = {"real": Label.REAL, "fake": Label.AI}
PRESETS = {
    preset.source: preset
    for preset in (
        # https://huggingface.co/datasets/poloclub/diffusiondb: Stable Diffusion, 2022, prompts of
        # many people. Its loading script does not run in current versions of the library; at this
        # commit a subset of 1,000 random images is there as Parquet.
        Preset(
            "hub:poloclub/diffusiondb",
            "CC0-1.0",
            label=Label.AI,
            sources={Label.AI: "diffusiondb"},
            revision="518ad92de56dd6a643a496f7972aa2a42ae9c3a7",
            config="2m_random_1k",
        ),
        # CIFAR-10 and its likeness by Stable Diffusion 1.4; 32 x 32 pixels, train|test/REAL|FAKE.
        Preset(
            "kaggle:birdy654/cifake-real-and-ai-generated-synthetic-images",
            "MIT, as CIFAR-10 (stated by the publisher)",
            words=FAKE,
            sources={Label.REAL: "cifar-10", Label.AI: "cifake-stable-diffusion-1.4"},
        ),
        # Faces of FFHQ, and by StyleGAN; 256 x 256, real_vs_fake/real-vs-fake/*/real|fake.
        Preset(
            "kaggle:xhlulu/140k-real-and-fake-faces",
            "real: FFHQ, CC BY-NC-SA 4.0; AI: StyleGAN faces, CC BY-NC 4.0 (by their publishers)",
            words=FAKE,
            sources={Label.REAL: "ffhq", Label.AI: "stylegan-faces"},
        ),
    )
}
