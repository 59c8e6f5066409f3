"""Importing: what a person says, what a preset knows, and what the hub's library gives."""

import logging
from collections.abc import Iterator
from pathlib import Path

import datasets
import kagglehub
import pytest

from detector.evaluation import Label
from tests.unit.training.data.pictures import labelled, packed_at, png, put
from training.data.catalog import CATALOG_FILE, CatalogEntry, read_catalog
from training.data.extra import MissingPackageError, extra
from training.data.found import Found
from training.data.hub import HubDataset
from training.data.importing import Wishes, find_import, parse_words
from training.data.place import DatasetError
from training.data.preset import PRESETS

REAL, AI = Label.REAL, Label.AI
WORDS = {"real": REAL, "fake": AI}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the library's cache in the test's folder, and its bars and network away."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    logging.getLogger("datasets").setLevel(logging.ERROR)
    yield
    datasets.enable_progress_bars()


def image_folder(root: Path, count: int = 3) -> Path:
    for word in ("REAL", "FAKE"):
        for split in ("train", "test"):
            for number in range(count):
                seed = 100 * len(split) + 10 * number + len(word[0:1] + word) + ord(word[0])
                put(root / split / word / f"{number}.png", png(seed))
    return root


def parquet(root: Path, folder: Path) -> Path:
    root.mkdir()
    data = datasets.load_dataset(str(folder), split="train")
    data.to_parquet(str(root / "train.parquet"))
    return root


def entries(tmp_path: Path, found: Found) -> list[CatalogEntry]:
    return list(read_catalog(packed_at(tmp_path / "out", found).storage.read(CATALOG_FILE)))


def files_of(root: Path) -> set[bytes]:
    return {path.read_bytes() for path in root.rglob("*.png")}


@pytest.mark.parametrize("kind", ["images", "parquet"])
def test_a_hub_dataset_is_streamed_as_it_was_published(tmp_path: Path, kind: str) -> None:
    folder = image_folder(tmp_path / "images")
    where = folder if kind == "images" else parquet(tmp_path / "parquet", folder)
    wishes = Wishes(words=WORDS, label_column="label")
    found = find_import(f"hub:{where}", wishes).found
    published = files_of(folder if kind == "images" else folder / "train")
    assert {file.read() for file in found.files()} == published
    mine = entries(tmp_path, found)
    assert {(e.label, e.source, e.split) for e in mine} == {
        (REAL, str(where), ""), (AI, str(where), ""),
    }  # fmt: skip
    assert {len(data) for data in published} == {e.bytes for e in mine}
    assert found.fingerprint == find_import(f"hub:{where}", wishes).found.fingerprint


def test_a_hub_split_is_kept_when_asked(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "images")
    wishes = Wishes(words=WORDS, label_column="label", keep_split=True, source="one place")
    found = find_import(f"hub:{folder}", wishes).found
    assert {(f.place.source, f.place.split) for f in found.files()} == {
        ("one place", "train"), ("one place", "test"),
    }  # fmt: skip


def test_a_column_may_name_the_source(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "images")
    found = find_import(f"hub:{folder}", Wishes(label=AI, source_column="label")).found
    assert {f.place.source for f in found.files()} == {"REAL", "FAKE"}
    assert {f.place.label for f in found.files()} == {AI}


def test_a_limit_counts_each_class(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "images", count=5)
    wishes = Wishes(words=WORDS, label_column="label", limit=2)
    found = find_import(f"hub:{folder}", wishes).found
    assert sorted(f.place.label for f in found.files()) == [AI, AI, REAL, REAL]
    one = find_import(f"hub:{folder}", Wishes(label=AI, limit=3)).found
    assert len(list(one.files())) == 3
    assert one.fingerprint != find_import(f"hub:{folder}", Wishes(label=AI)).found.fingerprint
    local = find_import(str(labelled(tmp_path / "set")), Wishes(limit=2)).found
    assert len(list(local.files())) == 4


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        (Wishes(), "say which class its images are with --label"),
        (Wishes(label=AI, image_column="picture"),
         r"has no column 'picture' but image, label; name it with --image-column"),
        (Wishes(label_column="label"), r"'FAKE' in column 'label' .* --map FAKE=real or --map"),
    ],
)  # fmt: skip
def test_what_must_be_said_is_asked_for(tmp_path: Path, wishes: Wishes, message: str) -> None:
    folder = image_folder(tmp_path / "images")
    with pytest.raises(DatasetError, match=message):
        list(find_import(f"hub:{folder}", wishes).found.files())


def test_a_missing_image_is_rejected(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "images")
    wishes = Wishes(words=WORDS, label_column="label")
    found = find_import(f"hub:{folder}", wishes).found
    (folder / "train" / "REAL" / "1.png").unlink()
    assert packed_at(tmp_path, found).record.reasons == {"read_failed": 1}


def test_rows_without_an_image_are_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    features = datasets.Features({"image": datasets.Image(decode=False)})
    rows = {"image": [{"bytes": png(1), "path": None}, None, {"bytes": b"text", "path": "a.png"}]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(folder / "a.parquet"))
    record = packed_at(tmp_path, find_import(f"hub:{folder}", Wishes(label=REAL)).found).record
    assert record.images == 1
    assert record.reasons == {"empty": 1, "unsupported": 1}


def test_a_hub_that_is_not_reached_is_explained() -> None:
    with pytest.raises(DatasetError, match="hub:owner/none cannot be opened"):
        find_import("hub:owner/none", Wishes(label=AI))


@pytest.mark.parametrize(
    ("text", "dataset"),
    [
        ("owner/name", HubDataset("owner/name")),
        ("owner/name/config", HubDataset("owner/name", "", "config")),
        ("owner/name@v1", HubDataset("owner/name", "v1")),
        ("owner/name@v1/config", HubDataset("owner/name", "v1", "config")),
    ],
)
def test_names_of_hub_datasets(text: str, dataset: HubDataset) -> None:
    assert HubDataset.parse(text) == dataset


@pytest.mark.parametrize("text", ["name", "/name", "owner/", "a/b/c@v1", ""])
def test_what_names_no_hub_dataset(text: str) -> None:
    with pytest.raises(DatasetError, match="names no dataset; expected hub:owner/name"):
        HubDataset.parse(text)


def served(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Stand in for Kaggle, which cannot be reached from a test."""
    asked: list[str] = []

    def download(handle: str) -> str:
        asked.append(handle)
        return str(folder)

    monkeypatch.setattr(kagglehub, "dataset_download", download)
    return asked


def test_a_kaggle_preset_knows_folders_sources_and_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = served(monkeypatch, image_folder(tmp_path / "cifake"))
    name = "birdy654/cifake-real-and-ai-generated-synthetic-images"
    got = find_import(f"kaggle:{name}/versions/3", Wishes())
    assert asked == [f"{name}/versions/3"]
    assert got.licence.startswith("MIT")
    assert {(f.place.label, f.place.source, f.place.split) for f in got.found.files()} == {
        (REAL, "cifar-10", ""), (AI, "cifake-stable-diffusion-1.4", ""),
    }  # fmt: skip
    assert find_import(f"kaggle:{name}", Wishes(licence="mine")).licence == "mine"


def test_faces_lie_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "faces"
    put(root / "real_vs_fake" / "real-vs-fake" / "valid" / "real" / "1.jpg", b"x")
    put(root / "real_vs_fake" / "real-vs-fake" / "test" / "fake" / "2.jpg", b"x")
    served(monkeypatch, root)
    found = find_import("kaggle:xhlulu/140k-real-and-fake-faces", Wishes()).found
    assert [f.place.source for f in found.files()] == ["stylegan-faces", "ffhq"]


def test_any_kaggle_dataset_with_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, image_folder(tmp_path / "set"))
    found = find_import("kaggle:someone/set", Wishes(words=WORDS, keep_split=True)).found
    assert {(f.place.source, f.place.split) for f in found.files()} == {
        (f"someone/set/{label}", split) for label in ("real", "ai") for split in ("train", "test")
    }


def test_a_kaggle_that_is_not_reached_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_handle: str) -> str:
        raise OSError("no route")

    monkeypatch.setattr(kagglehub, "dataset_download", refuse)
    with pytest.raises(DatasetError, match=r"kaggle:a/b cannot be fetched \(no route\).*accept"):
        find_import("kaggle:a/b", Wishes())


def test_presets_are_pinned_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    def builder(repo: str, config: str | None, revision: str | None = None) -> None:
        asked.append((repo, config, revision))
        raise ConnectionError("offline")

    monkeypatch.setattr(datasets, "load_dataset_builder", builder)
    pinned = PRESETS["hub:poloclub/diffusiondb"]
    for text in ("", "/2m_first_5k", "@main"):
        with pytest.raises(DatasetError, match="cannot be opened"):
            find_import(f"hub:poloclub/diffusiondb{text}", Wishes())
    assert asked == [
        ("poloclub/diffusiondb", "2m_random_1k", pinned.revision),
        ("poloclub/diffusiondb", "2m_first_5k", None),
        ("poloclub/diffusiondb", None, "main"),
    ]


def test_words_are_read() -> None:
    assert parse_words(["FAKE=ai", "a=b=real"]) == {"fake": AI, "a=b": REAL}
    for text in ("FAKE", "=ai", "FAKE=fake"):
        with pytest.raises(DatasetError, match="expected VALUE=real or VALUE=ai"):
            parse_words([text])


def test_a_missing_package_is_explained() -> None:
    with pytest.raises(MissingPackageError, match=r"hub:x needs the package 'nosuchpackage'.*pip"):
        extra("nosuchpackage", "hub:x")
