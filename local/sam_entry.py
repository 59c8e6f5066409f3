"""Runs the SAM command line in its own environment, with archives stored, not compressed, and kept.

Compressing a bundle of 200 MB takes longer than everything else in a local deployment, and saves a
transfer over loopback. Run by path, with the interpreter of SAM's environment.
"""

import os
import types
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = 4


def _kept_archives(folder: Path, utils: types.ModuleType) -> Callable[..., object]:
    @contextmanager
    def zip_folder(
        folder_path: str, zip_method: Callable[[str, str], str]
    ) -> Iterator[tuple[str, str]]:
        """Take the place of SAM's function of this name: an archive is made once per content."""
        checksum = utils.dir_checksum(folder_path, followlinks=True)
        archive = folder / f"{checksum}.zip"
        if not archive.exists():
            part = zip_method(str(folder / f".{checksum}-{os.getpid()}"), folder_path)
            Path(part).replace(archive)
            for old in sorted(folder.glob("*.zip"), key=lambda p: -p.stat().st_mtime)[KEPT:]:
                old.unlink(missing_ok=True)
        archive.touch()
        yield str(archive), checksum

    return zip_folder


def main() -> None:
    """Run ``sam`` with this process's arguments."""
    from samcli.cli.main import cli  # type: ignore[import-not-found]
    from samcli.lib.package import utils  # type: ignore[import-not-found]

    utils.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZIP_DEFLATED": zipfile.ZIP_STORED})
    folder = Path(os.environ["AIDETECT_SAM_ARCHIVES"])
    folder.mkdir(parents=True, exist_ok=True)
    utils.zip_folder = _kept_archives(folder, utils)
    cli(prog_name="sam")


if __name__ == "__main__":
    main()
