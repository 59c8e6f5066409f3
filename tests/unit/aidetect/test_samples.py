"""The demo's photographs."""

from pathlib import Path

from PIL import Image

from aidetect.samples import write_samples


def test_samples_are_photographs(tmp_path: Path) -> None:
    written = write_samples(tmp_path / "new" / "folder")
    assert len(written) == 8
    for path in written:
        with Image.open(path) as image:
            assert min(image.size) >= 300
