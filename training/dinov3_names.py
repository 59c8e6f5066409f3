"""DINOv3's tensors under the names, and in the form, that the other towers have.

What multiplies a block's two branches (LayerScale, Touvron et al. 2021) is worked into the weights
of their last linear layers, and a bias that is left out becomes zeros: the function is the same.
"""

from collections.abc import Mapping

import numpy as np

from training.vision import PREFIX, Array, VisionConfig

EMBEDDINGS = {
    "embeddings.patch_embeddings.weight": "embeddings.patch_embedding.weight",
    "embeddings.patch_embeddings.bias": "embeddings.patch_embedding.bias",
    "embeddings.cls_token": "embeddings.class_embedding",
    "embeddings.register_tokens": "embeddings.register_tokens",
    "norm.weight": "post_layernorm.weight",
    "norm.bias": "post_layernorm.bias",
}
# Of a block: theirs, ours.
PARTS = {
    "norm1": "layer_norm1",
    "norm2": "layer_norm2",
    "attention.q_proj": "self_attn.q_proj",
    "attention.k_proj": "self_attn.k_proj",
    "attention.v_proj": "self_attn.v_proj",
    "attention.o_proj": "self_attn.out_proj",
    "mlp.up_proj": "mlp.fc1",
    "mlp.down_proj": "mlp.fc2",
}
SCALED = {"self_attn.out_proj": "layer_scale1.lambda1", "mlp.fc2": "layer_scale2.lambda1"}


def renamed(tensors: Mapping[str, Array], config: VisionConfig) -> dict[str, Array]:
    """Return a tower's tensors as :class:`training.vision.VisionWeights` holds them.

    Parameters
    ----------
    tensors
        ``model.safetensors`` of a ``DINOv3ViTModel``, float32; transformers wrote blocks as
        ``layer.0`` or as ``model.layer.0``.
    config
        The tower's. What the file lacks is left out.
    """
    known = {name.removeprefix("model."): value for name, value in tensors.items()}
    state = {ours: known[theirs] for theirs, ours in EMBEDDINGS.items() if theirs in known}
    for name in ("embeddings.class_embedding", "embeddings.register_tokens"):
        if name in state:
            rows = state[name].reshape(-1, config.hidden_size)
            state[name] = rows[0] if name.endswith("class_embedding") else rows
    for number in range(config.num_hidden_layers):
        state |= _block(known, f"layer.{number}", f"encoder.layers.{number}")
    return {PREFIX + name: np.ascontiguousarray(value) for name, value in state.items()}


def _block(known: Mapping[str, Array], theirs: str, ours: str) -> dict[str, Array]:
    state: dict[str, Array] = {}
    for part, name in PARTS.items():
        weight = known.get(f"{theirs}.{part}.weight")
        if weight is None:
            continue
        bias = known.get(f"{theirs}.{part}.bias", np.zeros(len(weight), np.float32))
        factor = known.get(f"{theirs}.{SCALED[name]}") if name in SCALED else None
        if factor is not None:
            weight, bias = weight * factor[:, None], bias * factor
        state[f"{ours}.{name}.weight"], state[f"{ours}.{name}.bias"] = weight, bias
    return state
