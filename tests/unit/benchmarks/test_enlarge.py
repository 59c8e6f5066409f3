"""A tower for more pixels than it learnt with is what transformers makes of it."""

import numpy as np
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from benchmarks.levers.enlarge import enlarge
from tests.unit.training.tiny import CONFIG, tiny_weights
from training.block import float_linear
from training.features import open_session
from training.tower import build_graph
from training.vision import preprocessing_of

SIZE = CONFIG.image_size + 2 * CONFIG.patch_size


def test_equals_transformers_with_interpolated_positions() -> None:
    small = tiny_weights()
    large = enlarge(small, SIZE)
    spec = preprocessing_of(large.config)
    pixels = np.random.default_rng(4).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8)
    graph = build_graph(large, spec, layers=(1, 2), linear=float_linear)
    session = open_session(graph.SerializeToString(), 1)
    ours = np.asarray(session.run(["embedding"], {"pixels": pixels})[0])

    model = CLIPVisionModelWithProjection(CLIPVisionConfig(**small.config.model_dump())).eval()
    model.load_state_dict({name: torch.tensor(value) for name, value in small.state.items()})
    normal = (pixels / 255.0 - np.array(spec.mean)) / np.array(spec.std)
    batch = torch.tensor(normal.transpose(0, 3, 1, 2), dtype=torch.float32)
    with torch.no_grad():
        theirs = model(batch, interpolate_pos_encoding=True).image_embeds.numpy()
    np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-5)


def test_the_same_size_changes_nothing() -> None:
    small = tiny_weights()
    same = enlarge(small, CONFIG.image_size)
    for name, value in small.state.items():
        np.testing.assert_allclose(same.state[name], value, rtol=0, atol=1e-6)
