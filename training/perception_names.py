"""Perception Encoder's tensors, as timm has them, under the names that the other towers have."""

from collections.abc import Mapping

import numpy as np

from training.vision import PREFIX, Array, VisionConfig

EMBEDDINGS = {
    "patch_embed.proj.weight": "embeddings.patch_embedding.weight",
    "cls_token": "embeddings.class_embedding",
    "pos_embed": "embeddings.position_embedding.weight",
    "norm_pre.weight": "pre_layrnorm.weight",
    "norm_pre.bias": "pre_layrnorm.bias",
    "norm.weight": "post_layernorm.weight",
    "norm.bias": "post_layernorm.bias",
}
# Of a block: theirs, ours.
PARTS = {
    "norm1": "layer_norm1",
    "norm2": "layer_norm2",
    "attn.proj": "self_attn.out_proj",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}


def renamed(tensors: Mapping[str, Array], config: VisionConfig) -> dict[str, Array]:
    """Return a tower's tensors as :class:`training.vision.VisionWeights` holds them.

    The pooling head, which follows the blocks, is left out.

    Parameters
    ----------
    tensors
        ``model.safetensors`` of a ``vit_pe_core``, float32.
    config
        The tower's. What the file lacks is left out.
    """
    state: dict[str, Array] = {}
    for theirs, ours in EMBEDDINGS.items():
        if theirs in tensors:
            value = tensors[theirs]
            lone = {"cls_token": (-1,), "pos_embed": (-1, config.hidden_size)}
            state[ours] = value.reshape(lone.get(theirs, value.shape))
    for number in range(config.num_hidden_layers):
        theirs, ours = f"blocks.{number}", f"encoder.layers.{number}"
        for part, name in PARTS.items():
            for kind in ("weight", "bias"):
                if f"{theirs}.{part}.{kind}" in tensors:
                    state[f"{ours}.{name}.{kind}"] = tensors[f"{theirs}.{part}.{kind}"]
        for kind in ("weight", "bias"):
            if f"{theirs}.attn.qkv.{kind}" in tensors:
                state |= _parted(tensors[f"{theirs}.attn.qkv.{kind}"], kind, ours, config)
    return {PREFIX + name: np.ascontiguousarray(value) for name, value in state.items()}


def _parted(joined: Array, kind: str, ours: str, config: VisionConfig) -> dict[str, Array]:
    """Part queries, keys and values, which timm keeps in one.

    timm turns each two neighbours of a head together, :mod:`training.rope` each value and the one
    half a head on. The order within a head is free, as long as queries and keys have the same.
    """
    order = np.concatenate([np.arange(0, config.head_size, 2), np.arange(1, config.head_size, 2)])
    heads = np.arange(config.num_attention_heads)[:, None] * config.head_size
    turned = (heads + order).ravel()
    q, k, v = np.split(joined, 3)
    parts = {"q_proj": q[turned], "k_proj": k[turned], "v_proj": v}
    return {f"{ours}.self_attn.{name}.{kind}": part for name, part in parts.items()}
