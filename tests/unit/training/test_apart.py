"""Streams of the class token and of the others: the same as one stream, where both are float32."""

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.training.test_tower import PIXELS
from tests.unit.training.tiny import CONFIG, DINOV3, PERCEPTION, SIGLIP, tiny_weights
from training.block import Linear, float_linear
from training.features import open_session
from training.tower import LinearHead, build_graph
from training.vision import VisionConfig, preprocessing_of

RNG = np.random.default_rng(4)
HEADS = {
    layers: LinearHead(layers, RNG.normal(size=(len(layers), 64)).astype("f4"), 0.25)
    for layers in [(1,), (1, 2), (3, 1)]
}


@pytest.mark.parametrize(
    "config", [CONFIG, DINOV3, PERCEPTION], ids=lambda config: str(config.family)
)
@pytest.mark.parametrize("layers", HEADS, ids=str)
def test_what_is_written_apart_is_the_same(config: VisionConfig, layers: tuple[int, ...]) -> None:
    def run(first: Linear | None) -> list[npt.NDArray[np.float32]]:
        model = build_graph(
            tiny_weights(config), preprocessing_of(config), head=HEADS[layers], first=first
        )
        names = ["logit", "heat", "embedding"]
        found = open_session(model.SerializeToString(), 1).run(names, {"pixels": PIXELS})
        return [np.asarray(value) for value in found]

    for apart, together in zip(run(float_linear), run(None), strict=True):
        np.testing.assert_allclose(apart, together, rtol=1e-5, atol=2e-5)


def test_a_tower_without_a_class_token_has_nothing_to_keep_apart() -> None:
    with pytest.raises(ValueError, match="no class token"):
        build_graph(tiny_weights(SIGLIP), preprocessing_of(SIGLIP), first=float_linear)
