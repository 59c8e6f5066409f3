"""Perception Encoder's tower against what timm's own model said: perception_reference.py."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tests.unit.training.perception_reference import ARCHITECTURE, ARGUMENTS, REFERENCE, tensors
from tests.unit.training.test_tower import LAYERS, PIXELS
from training import brought
from training.block import Linear, float_linear
from training.features import open_session
from training.quantize import int8_linear
from training.tower import build_graph
from training.tune.towers import Tower
from training.vision import Family, VisionConfig, VisionWeights, WeightsError, preprocessing_of


@pytest.fixture
def weights(tmp_path: Path) -> VisionWeights:
    """Read the files as the hub has them, with the pooling head that we do without."""
    folder = tmp_path / "pe"
    folder.mkdir()
    head = {"attn_pool.latent": np.zeros((1, 1, 64), np.float32)}
    save_file(tensors() | head, folder / "model.safetensors")
    document = {"architecture": ARCHITECTURE, "num_classes": 512, "model_args": ARGUMENTS}
    (folder / "config.json").write_text(json.dumps(document))
    return brought.load(f"{folder}/", tmp_path / "cache")


@pytest.mark.parametrize("linear", [float_linear, int8_linear], ids=["fp32", "int8"])
def test_equals_timm(weights: VisionWeights, linear: Linear) -> None:
    graph = build_graph(weights, preprocessing_of(weights.config), layers=LAYERS, linear=linear)
    session = open_session(graph.SerializeToString(), 1)
    wanted = load_file(REFERENCE)
    tolerance = 2e-5 if linear is float_linear else 2e-3
    for name in ("embedding", "taps"):
        (ours,) = session.run([name], {"pixels": PIXELS})
        scale = float(np.abs(wanted[name]).max())
        np.testing.assert_allclose(
            np.asarray(ours), wanted[name], rtol=tolerance, atol=tolerance * scale
        )


def test_the_torch_tower_equals_timm(weights: VisionWeights) -> None:
    tower = Tower(weights, preprocessing_of(weights.config), LAYERS)
    with torch.no_grad():
        taps = tower(torch.from_numpy(PIXELS)).numpy()
    wanted = load_file(REFERENCE)["taps"]
    np.testing.assert_allclose(taps, wanted, rtol=2e-5, atol=2e-5 * float(np.abs(wanted).max()))


@pytest.mark.parametrize(
    ("architecture", "shape"),
    [
        ("vit_pe_core_base_patch16_224", (768, 12, 12, 16, 224)),
        ("vit_pe_core_large_patch14_336", (1024, 24, 16, 14, 336)),
    ],
)
def test_the_hubs_architectures_are_known(architecture: str, shape: tuple[int, ...]) -> None:
    config = VisionConfig.from_transformers({"architecture": architecture, "num_classes": 1024})
    found = (
        config.hidden_size,
        config.num_hidden_layers,
        config.num_attention_heads,
        config.patch_size,
        config.image_size,
    )
    assert (config.family, found) == (Family.PERCEPTION, shape)
    spec = preprocessing_of(config)
    assert (spec.kind, spec.interpolation, spec.mean) == ("resize_square", "bilinear", (0.5,) * 3)


def test_another_architecture_is_refused_with_what_to_take() -> None:
    with pytest.raises(WeightsError, match=r"vit_pe_core_gigantic.*timm/vit_pe_core_large"):
        VisionConfig.from_transformers({"architecture": "vit_pe_core_gigantic_patch14_448"})
