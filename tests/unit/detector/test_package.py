"""The detector package, S3 locations and the layout of the buckets."""

from pathlib import Path

import pytest

from detector.contract import ContractError
from detector.layout import BatchLayout, detector_prefix
from detector.package import (
    DetectorPackage,
    Graph,
    PackageError,
    check_file,
    describe_file,
    load_package,
)
from detector.plan import chunk_name
from detector.uri import S3Uri, UriError, image_name
from tests.unit.detector.documents import DOCUMENTS

PACKAGE = DetectorPackage.parse(DOCUMENTS["detector"].dumps())


def test_load_package(tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text(PACKAGE.dumps())
    assert load_package(tmp_path) == PACKAGE


def test_a_folder_without_description_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="not a detector package"):
        load_package(tmp_path)


def test_a_damaged_description_is_refused(tmp_path: Path) -> None:
    (tmp_path / "detector.json").write_text("{}")
    with pytest.raises(ContractError, match="no 'schema' field"):
        load_package(tmp_path)


def test_file_is_checked_by_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    expected = describe_file(path)
    assert check_file(tmp_path, expected) == path
    path.write_bytes(b"WEIGHTS")
    with pytest.raises(PackageError, match="altered or cut off"):
        check_file(tmp_path, expected)
    path.unlink()
    with pytest.raises(PackageError, match="is missing"):
        check_file(tmp_path, expected)


def test_graph_by_precision() -> None:
    assert PACKAGE.graph(Graph.FP32).file == "model.onnx"
    with pytest.raises(PackageError, match="no int8 graph"):
        PACKAGE.graph(Graph.INT8)
    assert PACKAGE.files[-1] is PACKAGE.model_card


def test_an_evaluation_is_a_file_of_the_package() -> None:
    evaluation = PACKAGE.model_card.model_copy(update={"file": "evaluation.json"})
    assert evaluation not in PACKAGE.files
    assert evaluation in PACKAGE.model_copy(update={"evaluation": evaluation}).files


@pytest.mark.parametrize("file", ["../model.onnx", "/etc/passwd", ".hidden", "a/b"])
def test_a_package_names_no_file_outside_itself(file: str) -> None:
    text = PACKAGE.dumps().replace("model.onnx", file)
    with pytest.raises(ContractError, match="file"):
        DetectorPackage.parse(text)


def test_uri() -> None:
    uri = S3Uri.parse("s3://bucket/a b/c#d.jpg")
    assert uri == S3Uri("bucket", "a b/c#d.jpg")
    assert str(uri) == "s3://bucket/a b/c#d.jpg"
    assert S3Uri("bucket", "").join("x", "y") == S3Uri("bucket", "x/y")
    assert image_name(S3Uri("b", "k")) == "s3://b/k"
    assert image_name(S3Uri("b", "k.tar"), "m.jpg") == "s3://b/k.tar#m.jpg"


@pytest.mark.parametrize("text", ["", "bucket/key", "https://bucket/key", "s3:///key"])
def test_uri_that_is_none(text: str) -> None:
    with pytest.raises(UriError, match="expected s3://"):
        S3Uri.parse(text)


def test_layout_keeps_control_objects_out_of_the_table() -> None:
    layout = BatchLayout("results", "b1", "2026-11-23")
    table = str(layout.results)
    assert table == "s3://results/results/run_date=2026-11-23/batch=b1/"
    assert str(layout.chunk(chunk_name(7))) == f"{table}part-000000007.parquet"
    assert str(layout.chunk(chunk_name(7, 2))) == f"{table}part-000000007-00002.parquet"
    control = (layout.manifest, layout.plan, layout.summary, layout.shards, layout.shard(3))
    assert all(str(uri).startswith("s3://results/batches/b1/") for uri in control)
    assert str(detector_prefix("models", "d", "1")) == "s3://models/models/d/1/"
