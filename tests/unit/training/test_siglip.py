"""SigLIP's tower against transformers' own model, float32 and 8-bit."""

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from transformers import SiglipVisionConfig, SiglipVisionModel

from tests.unit.training.test_tower import LAYERS, PIXELS, on_the_int8_grid
from tests.unit.training.tiny import SIGLIP, tiny_weights
from training.block import Linear, float_linear
from training.features import open_session
from training.quantize import int8_linear
from training.tower import LinearHead, build_graph
from training.vision import (
    PREFIX,
    Family,
    VisionConfig,
    VisionWeights,
    WeightsError,
    preprocessing_of,
)

SPEC = preprocessing_of(SIGLIP)
Found = list[npt.NDArray[np.float32]]


def run(weights: VisionWeights, pixels: npt.NDArray[np.uint8], linear: Linear) -> Found:
    model = build_graph(weights, SPEC, layers=LAYERS, linear=linear)
    onnx.checker.check_model(model)
    session = open_session(model.SerializeToString(), 1)
    found = session.run(["embedding", "taps"], {"pixels": pixels})
    return [np.asarray(value) for value in found]


def reference(weights: VisionWeights, pixels: npt.NDArray[np.uint8]) -> Found:
    config = SiglipVisionConfig(**weights.config.model_dump(), attention_dropout=0.0)
    model = SiglipVisionModel(config).eval()
    state = {k.removeprefix(PREFIX): torch.tensor(v) for k, v in weights.state.items()}
    model.load_state_dict(state)
    batch = torch.tensor(pixels.transpose(0, 3, 1, 2) / 127.5 - 1, dtype=torch.float32)
    with torch.no_grad():
        out = model(batch, output_hidden_states=True)
    taps = np.stack([out.hidden_states[n].mean(dim=1).numpy() for n in LAYERS], axis=1)
    return [out.pooler_output.numpy(), taps]


@pytest.mark.parametrize("linear", [float_linear, int8_linear], ids=["fp32", "int8"])
@pytest.mark.parametrize("on_grid", [True, False], ids=["rounded", "as trained"])
def test_equals_transformers(linear: Linear, on_grid: bool) -> None:
    weights = tiny_weights(SIGLIP)
    if on_grid:
        weights = on_the_int8_grid(weights)
    tolerance = 2e-5 if linear is float_linear else 2e-3
    for ours, theirs in zip(run(weights, PIXELS, linear), reference(weights, PIXELS), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def test_an_image_is_alone_in_its_batch_to_the_bit() -> None:
    together = run(tiny_weights(SIGLIP), PIXELS, int8_linear)
    for number in range(len(PIXELS)):
        alone = run(tiny_weights(SIGLIP), PIXELS[number : number + 1], int8_linear)
        for one, many in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one[0], many[number])


def test_the_head_is_in_the_graph() -> None:
    head = LinearHead((2, 3), np.random.default_rng(3).normal(size=(2, 64)).astype("f4"), 0.25)
    model = build_graph(tiny_weights(SIGLIP), SPEC, head=head)
    (logit,) = open_session(model.SerializeToString(), 1).run(["logit"], {"pixels": PIXELS})
    _, taps = run(tiny_weights(SIGLIP), PIXELS, float_linear)
    expected = (taps[:, 1:] * head.weight).sum(axis=(1, 2)) + head.bias
    np.testing.assert_allclose(np.asarray(logit), expected, rtol=1e-4, atol=1e-4)


def test_what_a_configuration_leaves_out_is_siglips_own() -> None:
    """google/siglip-base-patch16-224 says nothing of its vision tower but its type."""
    whole = {"model_type": "siglip", "vision_config": {"model_type": "siglip_vision_model"}}
    config = VisionConfig.from_transformers(whole)
    theirs = SiglipVisionConfig()
    for name in ("hidden_size", "patch_size", "hidden_act", "layer_norm_eps", "image_size"):
        assert getattr(config, name) == getattr(theirs, name)
    assert (config.family, config.tokens, config.embedding_size) == (Family.SIGLIP, 196, 768)


@pytest.mark.parametrize(("resample", "way"), [(2, "bilinear"), (3, "bicubic"), (None, "bicubic")])
def test_the_processor_decides_the_interpolation(resample: int | None, way: str) -> None:
    document = {"model_type": "siglip_vision_model", "image_size": 384}
    config = VisionConfig.from_transformers(document, {"resample": resample})
    spec = preprocessing_of(config)
    assert (spec.kind, spec.size, spec.interpolation) == ("resize_square", 384, way)
    assert spec.mean == spec.std == (0.5, 0.5, 0.5)


def test_crops_keep_the_normalisation() -> None:
    spec = preprocessing_of(SIGLIP, crops=True)
    assert (spec.kind, spec.size, spec.mean) == ("native_crop", 32, (0.5, 0.5, 0.5))
    clip = preprocessing_of(VisionConfig(image_size=336), crops=True)
    assert (clip.kind, clip.size, clip.mean[0]) == ("native_crop", 336, 0.48145466)


def test_a_tower_without_its_head_is_refused() -> None:
    state = dict(tiny_weights(SIGLIP).state)
    del state["vision_model.head.probe"]
    with pytest.raises(WeightsError, match=r"head\.probe should be float32"):
        VisionWeights(SIGLIP, state, "tiny", "test:tiny", "a" * 64)
