"""A tiny Perception Encoder as timm has it, and what timm's own model says of the tests' pictures.

``python -m tests.unit.training.perception_reference``, where timm is installed, writes what the
tests hold our tower to: the tests themselves need no timm.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tests.unit.training.test_tower import PIXELS
from training.vision import Array

REFERENCE = Path(__file__).with_name("perception_reference.safetensors")
ARCHITECTURE = "vit_pe_core_tiny_patch16_384"
ARGUMENTS = {"embed_dim": 64, "depth": 3, "num_heads": 4, "patch_size": 8, "img_size": 32}


def tensors() -> dict[str, Array]:
    """Return weights under timm's names, drawn from a fixed seed."""
    width, tokens = (
        ARGUMENTS["embed_dim"],
        1 + (ARGUMENTS["img_size"] // ARGUMENTS["patch_size"]) ** 2,
    )
    shapes: dict[str, tuple[int, ...]] = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, tokens, width),
        "patch_embed.proj.weight": (width, 3, 8, 8),
    }
    linear = {
        "attn.qkv": (3 * width, width),
        "attn.proj": (width, width),
        "mlp.fc1": (4 * width, width),
        "mlp.fc2": (width, 4 * width),
    }
    for number in range(ARGUMENTS["depth"]):
        for name, shape in linear.items():
            shapes[f"blocks.{number}.{name}.weight"] = shape
            shapes[f"blocks.{number}.{name}.bias"] = shape[:1]
        for name in ("norm1", "norm2"):
            shapes[f"blocks.{number}.{name}.weight"] = (width,)
            shapes[f"blocks.{number}.{name}.bias"] = (width,)
    for name in ("norm_pre", "norm"):
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)
    rng = np.random.default_rng(11)
    return {name: rng.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}


def main() -> None:
    """Ask timm's model, and write what it says."""
    import timm
    import torch

    grid = ARGUMENTS["img_size"] // ARGUMENTS["patch_size"]
    model = timm.create_model(ARCHITECTURE, ref_feat_shape=(grid, grid), **ARGUMENTS).eval()
    state = {name: torch.from_numpy(value) for name, value in tensors().items()}
    lacking, unknown = model.load_state_dict(state, strict=False)
    assert not unknown
    assert all(name.startswith(("attn_pool.", "head.")) for name in lacking)
    batch = torch.tensor(PIXELS.transpose(0, 3, 1, 2) / 127.5 - 1, dtype=torch.float32)
    depth = ARGUMENTS["depth"]
    with torch.no_grad():
        taps = model.forward_intermediates(
            batch, range(depth), return_prefix_tokens=True, norm=False, intermediates_only=True
        )
        last = model.forward_features(batch)[:, 0]
    found = torch.stack([prefix[:, 0] for _, prefix in taps], dim=1)
    save_file(
        {"taps": found.numpy().copy(), "embedding": last.numpy().copy()},
        REFERENCE,
        {"timm": timm.__version__},
    )


if __name__ == "__main__":
    main()
