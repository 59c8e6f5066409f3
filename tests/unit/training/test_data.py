"""Datasets, degraded copies and the feature cache."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image
from skimage import data

from detector.cache import cache_home
from detector.evaluation import Label
from detector.package import Preprocessing
from tests.unit.training.tiny import make_images, tiny_weights
from training import cache
from training.dataset import Dataset, DatasetError, load_dataset
from training.degrade import Variant, crop_margins, degrade, shrink
from training.features import FeatureStore, extract, open_session
from training.tower import build_graph

SPEC = Preprocessing(size=32)
PHOTO = Image.fromarray(data.astronaut())


def test_folders_name_label_and_source(images: Dataset) -> None:
    assert len(images.images) == 24
    assert images.sources == ("ai-one", "ai-two", "real-one", "real-two")
    assert {i.target for i in images.images if i.label is Label.AI} == {1}


def test_a_manifest_is_read(tmp_path: Path) -> None:
    make_images(tmp_path, per_source=1)
    lines = ["path,label,source_repo,split,extra"]
    for path in sorted(tmp_path.rglob("*.png")):
        name = path.relative_to(tmp_path)
        lines.append(f"{name},{name.parts[0].upper()},from-{name.parts[1]},val,x")
    (tmp_path / "manifest.csv").write_text("\n".join(lines))
    found = load_dataset(tmp_path)
    assert len(found.images) == 4
    assert {i.split for i in found.images} == {"val"}
    assert "from-ai-one" in found.sources
    assert found.digest() == load_dataset(tmp_path).digest()


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("path\na.png", r"lacks the columns \['label'\]"),
        ("path,label\na.png,fake", "line 2: label 'fake' is neither"),
        ("path,label\n../a.png,ai", "leads out of the folder"),
        ("path,label,source\na.png,ai,x\nb.png,real,y", "which does not exist"),
        ("path,label", "no image at all"),
    ],
)
def test_a_wrong_manifest_is_explained(tmp_path: Path, manifest: str, message: str) -> None:
    (tmp_path / "manifest.csv").write_text(manifest)
    with pytest.raises(DatasetError, match=message):
        load_dataset(tmp_path)


def test_a_missing_class_or_source_is_explained(tmp_path: Path) -> None:
    make_images(tmp_path, per_source=1)
    shutil.rmtree(tmp_path / "ai" / "ai-two")
    with pytest.raises(DatasetError, match="of one source"):
        load_dataset(tmp_path)
    shutil.rmtree(tmp_path / "ai")
    with pytest.raises(DatasetError, match="has no 'ai' images"):
        load_dataset(tmp_path)
    with pytest.raises(DatasetError, match="is not a folder"):
        load_dataset(tmp_path / "nowhere")


def test_copies_are_the_same_every_time() -> None:
    for variant in Variant:
        first, second = (np.asarray(degrade(PHOTO, variant, 5)) for _ in range(2))
        np.testing.assert_array_equal(first, second)
    rough = [np.asarray(degrade(PHOTO, Variant.ROUGH, seed)) for seed in (1, 2)]
    assert rough[0].shape != rough[1].shape or (rough[0] != rough[1]).any()


def test_web_and_hard_are_bounded() -> None:
    large = PHOTO.resize((2000, 1500))
    assert degrade(large, Variant.CLEAN, 0) is large
    assert max(degrade(large, Variant.WEB, 0).size) == 768
    assert max(degrade(large, Variant.HARD, 0).size) == 512
    assert shrink(PHOTO, 9999) is PHOTO


def test_margins_are_lost() -> None:
    image = Image.new("RGB", (200, 100))
    image.paste((255, 255, 255), (190, 94, 200, 100))
    assert not np.asarray(crop_margins(image)).any()


@pytest.mark.parametrize("size", [(64, 64), (70, 900), (33, 32)])
def test_small_images_keep_their_evidence(size: tuple[int, int]) -> None:
    for seed in range(5):
        assert min(degrade(PHOTO.resize(size), Variant.ROUGH, seed).size) >= 27


@pytest.mark.parametrize("size", [(64, 64), (70, 900), (33, 32), (1, 1)])
def test_a_part_of_a_small_image_keeps_its_evidence(size: tuple[int, int]) -> None:
    image = PHOTO.resize(size)
    for seed in range(8):
        edited = degrade(image, Variant.EDITED, seed)
        # A blurred copy lacks its margins, a part is never smaller than what still tells.
        assert all(
            had >= has >= min(had - 2 * int(had * 0.08), 64)
            for had, has in zip(size, edited.size, strict=True)
        )


def test_edited_is_a_part_or_blurred() -> None:
    edges = Image.fromarray(np.kron(np.indices((40, 40)).sum(axis=0) % 2, np.ones((8, 8))) > 0)
    image = edges.convert("RGB")
    whole = [degrade(image, Variant.EDITED, seed) for seed in range(24)]
    margins = image.width - 2 * int(image.width * 0.08)
    parts = [copy for copy in whole if copy.width != margins]
    blurred = [copy for copy in whole if copy.width == margins]
    assert len(parts) > 4
    assert len(blurred) > 4

    def sharpness(copy: Image.Image) -> float:
        return float(np.abs(np.diff(np.asarray(copy.convert("L")).astype(float), axis=1)).max())

    assert min(sharpness(copy) for copy in parts) > max(sharpness(copy) for copy in blurred)


@pytest.fixture
def session() -> Callable[[], ort.InferenceSession]:
    model = build_graph(tiny_weights(), SPEC, layers=(1, 3)).SerializeToString()
    return lambda: open_session(model, 1)


def never() -> ort.InferenceSession:
    raise AssertionError("the encoder was opened though everything was kept")


def test_features_are_computed_once(
    images: Dataset, session: Callable[[], ort.InferenceSession], tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path, "e" * 64, (1, 3))
    some, variants = images.images[:6], (Variant.CLEAN, Variant.ROUGH)
    told: list[tuple[int, int]] = []
    first = extract(
        some[:4],
        variants,
        session=session,
        store=store,
        spec=SPEC,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert first[Variant.ROUGH].shape == (4, 2, 64)
    again = extract(some[:4], variants, session=never, store=store, spec=SPEC)
    np.testing.assert_array_equal(first[Variant.CLEAN], again[Variant.CLEAN])
    # A damaged file is computed again, the others are not.
    next((store.folder / "clean").rglob("*.npy")).write_bytes(b"\x93NUMPY")
    told.clear()
    repaired = extract(
        some,
        variants,
        session=session,
        store=store,
        spec=SPEC,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (3, 3)
    np.testing.assert_allclose(repaired[Variant.CLEAN][:4], first[Variant.CLEAN], atol=1e-6)


def test_other_layers_have_other_features(tmp_path: Path) -> None:
    one, two = (FeatureStore(tmp_path, "e" * 64, layers) for layers in ((1,), (2,)))
    assert one.folder != two.folder
    assert FeatureStore(tmp_path, "f" * 64, (1,)).folder != one.folder


def test_a_file_that_is_no_image_is_named(
    session: Callable[[], ort.InferenceSession], tmp_path: Path
) -> None:
    root = make_images(tmp_path / "images", per_source=1)
    broken = root / "ai" / "ai-one" / "0.png"
    broken.write_bytes(b"text")
    store = FeatureStore(tmp_path / "store", "e" * 64, (1, 3))
    with pytest.raises(DatasetError, match=r"0\.png cannot be read as an image"):
        extract(
            load_dataset(root).images, (Variant.CLEAN,), session=session, store=store, spec=SPEC
        )


def test_the_cache_lies_where_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIDETECT_CACHE", str(tmp_path / "a"))
    assert cache_home() == tmp_path / "a"
    monkeypatch.delenv("AIDETECT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_home() == tmp_path / "x" / "aidetect"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_home() == Path.home() / ".cache" / "aidetect"


def test_a_folder_is_put_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    for text in ("one", "two"):
        with cache.staging(target) as folder:
            (folder / "new").mkdir()
            (folder / "new" / "file").write_text(text)
            cache.put_folder(folder / "new", target)
        assert (target / "file").read_text() == text
    assert [p.name for p in target.parent.iterdir()] == ["target"]
    with pytest.raises(FileNotFoundError):
        cache.put_folder(tmp_path / "nothing", tmp_path / "elsewhere")
