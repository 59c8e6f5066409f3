"""DINOv3's vision tower (Siméoni et al. 2025, arXiv:2508.10104); follows ``DINOv3ViTModel``.

Where a patch lies is told by turning queries and keys (rotary position embedding, Heo et al. 2024,
arXiv:2403.13298), and four registers stand between the class token and the patches.
"""

import numpy as np

from training.class_token import ClassTokenTower
from training.patches import Patches
from training.vision import PREFIX


class Dinov3Tower(ClassTokenTower):
    """DINOv3's tower."""

    def begin(self, patches: Patches) -> str:
        """Write the input of the first block; see :meth:`ClassTokenTower.begin`."""
        bias = self.g.constant("patch_bias", patches.bias)
        x = self.g.node("Add", [patches.rows, bias], "patch_tokens")
        first = [
            self.weights[PREFIX + "embeddings.class_embedding"][None],
            self.weights[PREFIX + "embeddings.register_tokens"],
        ]
        return self.after(np.concatenate(first), x)
