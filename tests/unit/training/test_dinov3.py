"""DINOv3's tower against transformers' own model, read from the files that transformers writes."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from safetensors.numpy import load_file, save_file
from transformers import DINOv3ViTConfig, DINOv3ViTModel

from tests.unit.training.test_tower import LAYERS, PIXELS
from tests.unit.training.tiny import DINOV3, tiny_weights
from training import brought
from training.block import Linear, float_linear
from training.features import open_session
from training.quantize import int8_linear
from training.rope import turns
from training.tower import LinearHead, build_graph
from training.vision import Family, VisionConfig, VisionWeights, WeightsError, preprocessing_of

SPEC = preprocessing_of(DINOV3)
Found = list[npt.NDArray[np.float32]]


def theirs(folder: Path) -> DINOv3ViTModel:
    """Save a tiny model with factors of its branches and without biases of its keys."""
    torch.manual_seed(5)
    config = DINOv3ViTConfig(
        **DINOV3.model_dump(exclude={"family", "interpolation", "mean", "std"})
    )
    model = DINOv3ViTModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2)
    assert not config.key_bias
    model.save_pretrained(folder)
    return model


def run(weights: VisionWeights, linear: Linear, pixels: npt.NDArray[np.uint8] = PIXELS) -> Found:
    model = build_graph(weights, SPEC, layers=LAYERS, linear=linear)
    session = open_session(model.SerializeToString(), 1)
    found = session.run(["embedding", "taps"], {"pixels": pixels})
    return [np.asarray(value) for value in found]


def reference(model: DINOv3ViTModel) -> Found:
    normal = (PIXELS / 255.0 - np.array(SPEC.mean)) / np.array(SPEC.std)
    with torch.no_grad():
        out = model(
            torch.tensor(normal.transpose(0, 3, 1, 2), dtype=torch.float32),
            output_hidden_states=True,
        )
    taps = np.stack([out.hidden_states[layer][:, 0].numpy() for layer in LAYERS], axis=1)
    return [out.pooler_output.numpy(), taps]


@pytest.mark.parametrize("linear", [float_linear, int8_linear], ids=["fp32", "int8"])
@pytest.mark.parametrize("nested", [False, True], ids=["layer.0", "model.layer.0"])
def test_equals_transformers(tmp_path: Path, linear: Linear, nested: bool) -> None:
    model = theirs(tmp_path)
    if nested:
        path = tmp_path / "model.safetensors"
        tensors = load_file(path)
        save_file({f"model.{k}" if "layer." in k else k: v for k, v in tensors.items()}, path)
    weights = brought.load(f"{tmp_path}/", tmp_path / "cache")
    tolerance = 2e-5 if linear is float_linear else 2e-3
    for ours, wanted in zip(run(weights, linear), reference(model), strict=True):
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(ours, wanted, rtol=tolerance, atol=tolerance * scale)


def test_the_place_of_a_patch_counts() -> None:
    """Without turns the class token would see the same patches in any order."""
    weights = tiny_weights(DINOV3)
    rows_upside_down = PIXELS.reshape(5, 4, 8, 4, 8, 3)[:, ::-1].reshape(PIXELS.shape)
    plain, moved = (run(weights, float_linear, p)[0] for p in (PIXELS, rows_upside_down))
    # The last picture is black, whatever its order.
    assert (np.abs(plain - moved).max(axis=1) > 1e-3).tolist() == [True] * 4 + [False]


def test_tokens_before_the_patches_are_not_turned() -> None:
    cos, sin = turns(DINOV3)
    assert cos.shape == sin.shape == (1 + 4 + 16, 16)
    assert (cos[:5] == 1).all()
    assert (sin[:5] == 0).all()
    np.testing.assert_allclose(cos**2 + sin**2, 1, atol=1e-6)


@pytest.mark.parametrize("number", range(len(PIXELS)))
def test_an_image_is_alone_in_its_batch_to_the_bit(number: int) -> None:
    weights = tiny_weights(DINOV3)
    together = run(weights, int8_linear)
    alone = run(weights, int8_linear, PIXELS[number : number + 1])
    for one, many in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one[0], many[number])


def test_the_head_is_in_the_graph() -> None:
    head = LinearHead((2, 3), np.random.default_rng(3).normal(size=(2, 64)).astype("f4"), 0.25)
    model = build_graph(tiny_weights(DINOV3), SPEC, head=head)
    session = open_session(model.SerializeToString(), 1)
    logit, heat = session.run(["logit", "heat"], {"pixels": PIXELS})
    _, taps = run(tiny_weights(DINOV3), float_linear)
    expected = (taps[:, 1:] * head.weight).sum(axis=(1, 2)) + head.bias
    np.testing.assert_allclose(np.asarray(logit), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.asarray(heat).sum(axis=(1, 2)), expected, rtol=1e-4, atol=1e-4)


def test_images_are_shown_as_the_authors_do(tmp_path: Path) -> None:
    theirs(tmp_path)
    plain = preprocessing_of(brought.load(f"{tmp_path}/", tmp_path / "cache").config)
    assert (plain.kind, plain.size, plain.interpolation) == ("resize_square", 32, "bilinear")
    assert (plain.mean[0], plain.std[0]) == (0.485, 0.229)
    # As facebook/dinov3-vitl16-pretrain-sat493m, which was trained on satellite images, says.
    said = {"resample": 3, "image_mean": [0.43, 0.411, 0.296], "image_std": [0.213, 0.156, 0.143]}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
    other = preprocessing_of(brought.load(f"{tmp_path}/", tmp_path / "cache").config)
    assert (other.interpolation, other.mean, other.std) == (
        "bicubic",
        (0.43, 0.411, 0.296),
        (0.213, 0.156, 0.143),
    )


def test_gated_perceptrons_are_refused_with_what_to_do() -> None:
    with pytest.raises(WeightsError, match=r"gated.*take facebook/dinov3-vitl16"):
        VisionConfig.from_transformers({"model_type": "dinov3_vit", "use_gated_mlp": True})


def test_a_file_that_lacks_a_tensor_is_refused(tmp_path: Path) -> None:
    theirs(tmp_path)
    path = tmp_path / "model.safetensors"
    tensors = load_file(path)
    del tensors["layer.1.attention.o_proj.weight"]
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"layers\.1\.self_attn\.out_proj\.weight should be"):
        brought.load(f"{tmp_path}/", tmp_path / "cache")


def test_metaclip_2_is_read_as_clip() -> None:
    document = {
        "model_type": "metaclip_2",
        "projection_dim": 1024,
        "vision_config": {"model_type": "metaclip_2_vision_model", "hidden_size": 1280},
    }
    config = VisionConfig.from_transformers(document)
    assert (config.family, config.hidden_size, config.projection_dim) == (Family.CLIP, 1280, 1024)
