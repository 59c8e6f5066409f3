"""A drift reference made from kept features is that of the embeddings which the graph gives."""

import numpy as np
import pytest

from batch_inference.sketching import project
from training.dataset import Dataset
from training.drift_command import projected
from training.drift_images import COPIES
from training.features import content_of, open_session, read_pixels
from training.fitting import Setting
from training.tower import LinearHead, build_graph


@pytest.mark.parametrize("last", [2, 3], ids=["before the last block", "after all blocks"])
def test_features_give_what_the_graph_gives(images: Dataset, setting: Setting, last: int) -> None:
    some = images.images[::8]
    head = LinearHead((last,), np.ones((1, 64), np.float32), 0.0)
    model = build_graph(setting.encoder, setting.spec, head=head)
    session = open_session(model.SerializeToString(), 1)
    found = projected(some, setting.encoder, last, setting)
    assert len(found) == len(some) == 3
    for image, row in zip(some, found, strict=True):
        data, seed = content_of(image)
        pixels = read_pixels(data, COPIES, seed, setting.spec)
        (embeddings,) = session.run(["embedding"], {"pixels": pixels})
        np.testing.assert_allclose(row, project(np.asarray(embeddings)), rtol=0, atol=5e-3)
