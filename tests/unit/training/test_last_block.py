"""A detector's graph ends where its head reads last."""

import numpy as np
import numpy.typing as npt
import onnx
import torch

from tests.unit.training.test_heat import (
    HEADS,
    NEAR,
    Floats,
    graph,
    normal,
    of_every_family,
    of_every_way,
    run,
    siglip_model,
)
from tests.unit.training.test_tower import PIXELS
from tests.unit.training.tiny import SIGLIP, tiny_weights
from training.features import open_session
from training.tower import build_graph
from training.vision import PREFIX, Family, VisionConfig, VisionWeights, preprocessing_of

HEAD = HEADS["before the last"]


def taps_of(weights: VisionWeights, layers: tuple[int, ...]) -> Floats:
    """Return the taps [N, T, hidden] of the whole tower."""
    model = build_graph(weights, preprocessing_of(weights.config), layers=layers)
    found = open_session(model.SerializeToString(), 1).run(["taps"], {"pixels": PIXELS})
    return np.asarray(found[0])


def layer_norm(token: Floats, weights: VisionWeights, name: str) -> npt.NDArray[np.float64]:
    off = token - token.mean(axis=-1, keepdims=True, dtype=np.float64)
    scaled = off / np.sqrt((off**2).mean(axis=-1, keepdims=True) + weights.config.layer_norm_eps)
    found: npt.NDArray[np.float64] = (
        scaled * weights[f"{PREFIX}{name}.weight"] + weights[f"{PREFIX}{name}.bias"]
    )
    return found


def siglip_mean(weights: VisionWeights) -> Floats:
    """Return the patches' mean as transformers' third block reads them."""
    model = siglip_model(weights)
    with torch.no_grad():
        stream = model(normal(SIGLIP), output_hidden_states=True).hidden_states[2]
        mean: Floats = model.encoder.layers[2].layer_norm1(stream).mean(dim=1).numpy()
    return mean


@of_every_family
@of_every_way
def test_no_block_is_written_that_the_head_does_not_read(config: VisionConfig, way: str) -> None:
    model = graph(tiny_weights(config), HEAD, way)
    onnx.checker.check_model(model, full_check=True)
    beyond = [t.name for t in model.graph.initializer if "layers.2." in t.name]
    # But for the norm by which the next block would read, and which makes the embedding.
    assert beyond == ["encoder.layers.2.layer_norm1.weight", "encoder.layers.2.layer_norm1.bias"]
    assert not [t.name for t in model.graph.initializer if "post_layernorm" in t.name]


@of_every_family
@of_every_way
def test_the_logit_is_that_of_the_whole_tower(config: VisionConfig, way: str) -> None:
    weights = tiny_weights(config)
    (logit,) = run(graph(weights, HEAD, way), ("logit",))
    expected = (taps_of(weights, HEAD.layers) * HEAD.weight).sum(axis=(1, 2)) + HEAD.bias
    np.testing.assert_allclose(logit, expected, rtol=1e-3, atol=10 * NEAR[way])


@of_every_family
@of_every_way
def test_the_embedding_is_what_the_next_block_would_read(config: VisionConfig, way: str) -> None:
    weights = tiny_weights(config)
    (embedding,) = run(graph(weights, HEAD, way), ("embedding",))
    assert embedding.shape == (len(PIXELS), config.hidden_size)
    if config.family is Family.SIGLIP:
        expected = siglip_mean(weights)
    else:
        token = taps_of(weights, (2,))[:, 0]
        expected = layer_norm(token, weights, "encoder.layers.2.layer_norm1").astype(np.float32)
    np.testing.assert_allclose(embedding, expected, rtol=3e-3, atol=2 * NEAR[way])


def test_a_norm_is_named_by_the_block_before_it() -> None:
    config = tiny_weights().config
    assert [config.norm_after(block) for block in (1, 2, 3)] == [
        "encoder.layers.1.layer_norm1",
        "encoder.layers.2.layer_norm1",
        "post_layernorm",
    ]
