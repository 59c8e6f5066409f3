"""The tensors that a vision tower needs, by name."""

from training.vision_config import PREFIX, PROJECTION, Family, VisionConfig


def _block_shapes(layer: str, width: int, inner: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    linear = {
        **{f"self_attn.{n}_proj": (width, width) for n in ("q", "k", "v", "out")},
        "mlp.fc1": (inner, width),
        "mlp.fc2": (width, inner),
    }
    for name, shape in linear.items():
        shapes[f"{layer}.{name}.weight"] = shape
        shapes[f"{layer}.{name}.bias"] = shape[:1]
    for name in ("layer_norm1", "layer_norm2"):
        shapes[f"{layer}.{name}.weight"] = shapes[f"{layer}.{name}.bias"] = (width,)
    return shapes


def _siglip_shapes(width: int, inner: int) -> dict[str, tuple[int, ...]]:
    """Shapes of what only SigLIP has: the patches' bias and the head that pools by attention."""
    return {
        "embeddings.patch_embedding.bias": (width,),
        "head.probe": (1, 1, width),
        "head.attention.in_proj_weight": (3 * width, width),
        "head.attention.in_proj_bias": (3 * width,),
        "head.attention.out_proj.weight": (width, width),
        "head.attention.out_proj.bias": (width,),
        "head.layernorm.weight": (width,),
        "head.layernorm.bias": (width,),
        "head.mlp.fc1.weight": (inner, width),
        "head.mlp.fc1.bias": (inner,),
        "head.mlp.fc2.weight": (width, inner),
        "head.mlp.fc2.bias": (width,),
    }


def expected_shapes(config: VisionConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor the tower needs, by name."""
    width, inner = config.hidden_size, config.intermediate_size
    patch = (width, 3, config.patch_size, config.patch_size)
    shapes: dict[str, tuple[int, ...]] = {"embeddings.patch_embedding.weight": patch}
    if config.family is not Family.DINOV3:
        shapes["embeddings.position_embedding.weight"] = (config.tokens, width)
    shapes["post_layernorm.weight"] = shapes["post_layernorm.bias"] = (width,)
    if config.family is not Family.SIGLIP:
        shapes["embeddings.class_embedding"] = (width,)
    if config.family in {Family.CLIP, Family.PERCEPTION}:
        shapes["pre_layrnorm.weight"] = shapes["pre_layrnorm.bias"] = (width,)
    elif config.family is Family.SIGLIP:
        shapes |= _siglip_shapes(width, inner)
    elif config.family is Family.DINOV3:
        shapes["embeddings.patch_embedding.bias"] = (width,)
        shapes["embeddings.register_tokens"] = (config.num_register_tokens, width)
    for i in range(config.num_hidden_layers):
        shapes |= _block_shapes(f"encoder.layers.{i}", width, inner)
    shapes = {PREFIX + name: shape for name, shape in shapes.items()}
    if config.family is Family.CLIP:
        shapes[PROJECTION] = (config.projection_dim, width)
    return shapes
