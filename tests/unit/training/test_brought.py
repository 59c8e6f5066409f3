"""Encoders that a user brings as a folder, in S3 or on disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from transformers import SiglipVisionConfig, SiglipVisionModel

from detector.package import Encoder
from tests.unit.training.model_folder import write_model
from tests.unit.training.tiny import CONFIG, SIGLIP
from training import brought, weights
from training.vision import VisionWeights, WeightsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def named(found: VisionWeights) -> str:
    return weights.name_of(Encoder(name=found.name, source=found.source, revision=found.revision))


def test_a_folder_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_model(tmp_path / "mine", SIGLIP, resample=2)
    monkeypatch.chdir(tmp_path)
    found = weights.load("./mine", tmp_path / "cache")
    assert found.config == SIGLIP.model_copy(update={"interpolation": "bilinear"})
    assert (found.name, found.source) == ("mine", str(folder))
    assert found.revision == brought.digest_of(folder)
    again = weights.load(named(found), tmp_path / "cache")
    assert (again.sha256, again.config) == (found.sha256, found.config)


def test_a_prefix_in_s3(s3: "S3Client", tmp_path: Path) -> None:
    for path in write_model(tmp_path / "mine").iterdir():
        s3.upload_file(str(path), "models", f"encoders/clip/{path.name}")
    found = weights.load("s3://models/encoders/clip/", tmp_path / "cache")
    assert found.config == CONFIG
    assert found.source == "s3://models/encoders/clip/"
    s3.delete_object(Bucket="models", Key="encoders/clip/model.safetensors")
    # Kept by its hash, it needs the prefix no more.
    assert weights.load(named(found), tmp_path / "cache").sha256 == found.sha256
    with pytest.raises(WeightsError, match=r"model\.safetensors is missing"):
        weights.load(named(found), tmp_path / "another")


@pytest.mark.parametrize("what", ["weights", "configuration"])
def test_a_folder_that_changed_is_refused(tmp_path: Path, what: str) -> None:
    folder = write_model(tmp_path / "mine")
    name = named(weights.load(str(folder), tmp_path / "cache"))
    if what == "weights":
        write_model(folder, seed=1)
    else:
        write_model(folder, CONFIG.model_copy(update={"num_attention_heads": 8}))
    assert weights.load(name, tmp_path / "cache").config == CONFIG
    with pytest.raises(WeightsError, match="has changed"):
        weights.load(name, tmp_path / "another")


def test_a_damaged_copy_is_fetched_anew(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    name = named(weights.load(str(folder), tmp_path / "cache"))
    (kept,) = (tmp_path / "cache" / "encoders").iterdir()
    (kept / "model.safetensors").write_bytes(b"cut")
    weights.load(name, tmp_path / "cache")
    assert brought.digest_of(kept) == name.rpartition("@")[2]


def test_damaged_files_are_explained(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "mine")
    tensors = folder / "model.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:100])
    with pytest.raises(WeightsError, match="damaged"):
        weights.load(str(folder), tmp_path / "cache")
    (folder / "config.json").write_text("{")
    with pytest.raises(WeightsError, match="not JSON"):
        weights.load(str(folder), tmp_path / "cache")
    (folder / "config.json").write_text("[]")
    with pytest.raises(WeightsError, match="not a model's configuration"):
        weights.load(str(folder), tmp_path / "cache")
    assert not list((tmp_path / "cache" / "encoders").iterdir())


def test_what_transformers_saves_of_a_tower_alone_is_read(tmp_path: Path) -> None:
    """Without the model around it, the names lack their prefix."""
    options = SIGLIP.model_dump(exclude={"family", "interpolation", "projection_dim"})
    SiglipVisionModel(SiglipVisionConfig(**options)).save_pretrained(tmp_path / "tower")
    found = weights.load(str(tmp_path / "tower"), tmp_path / "cache")
    assert found.config == SIGLIP
    assert "vision_model.head.probe" in found.state
