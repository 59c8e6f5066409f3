"""The model of a run as SageMaker left it in S3: ``sagemaker/<job>/output/model.tar.gz``.

An archive is data from outside: only files of known names are taken out of it, each up to a size.
"""

import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from training.adaptation import ADAPTATION_FILE
from training.head import CARD_FILE, DETAILS_FILE, EVALUATION_FILE, RECORD_FILE, WEIGHTS_FILE
from training.stages.context import StageError
from training.storage import LocalStorage, S3Storage, Storage

PREFIX = "sagemaker/"
SUFFIX = "/output/model.tar.gz"
NAMES = frozenset(
    {ADAPTATION_FILE, CARD_FILE, DETAILS_FILE, EVALUATION_FILE, RECORD_FILE, WEIGHTS_FILE}
)
# All of ViT-L/14 in fp32 is 1.2 GB; heads and adaptations are megabytes.
MAX_BYTES = 2 << 30
_STEP = 1 << 20


def written_at(files: Storage, name: str) -> datetime:
    """Return when a file was written; the beginning of time where that is not known."""
    if isinstance(files, S3Storage):
        key = files.root.join(name)
        return files.s3.head_object(Bucket=key.bucket, Key=key.key)["LastModified"]
    if isinstance(files, LocalStorage):
        return datetime.fromtimestamp((files.root / name).stat().st_mtime, UTC)
    return datetime.min.replace(tzinfo=UTC)


def fetch_model(files: Storage, into: Path) -> str:
    """Take the newest whole model of a run out of its archive, and return the archive's name.

    A job that was stopped leaves an archive too: one without the record, which is written last.

    Parameters
    ----------
    files
        The run's files.
    into
        The folder for the model's files.

    Raises
    ------
    StageError
        If there is none, or one that holds what no model holds.
    """
    into.mkdir(parents=True, exist_ok=True)
    found = [n for n in files.names(PREFIX) if n.endswith(SUFFIX)]
    for name in sorted(found, key=lambda n: written_at(files, n), reverse=True):
        with tempfile.TemporaryDirectory(dir=into) as scratch:
            archive, folder = Path(scratch, "model.tar.gz"), Path(scratch, "model")
            files.download(name, archive)
            taken = extract(archive, folder, f"{files.uri.rstrip('/')}/{name}")
            if RECORD_FILE not in taken:
                continue
            for file in taken:
                (folder / file).replace(into / file)
            return name
    raise StageError(
        f"{files.uri} holds no model of a SageMaker training job; run the train stage again"
    )


def extract(archive: Path, into: Path, where: str) -> list[str]:
    """Extract a model's files, and return their names.

    Raises
    ------
    StageError
        If the archive is damaged, or holds anything but a model's files.
    """
    into.mkdir(parents=True, exist_ok=True)
    try:
        return list(_extracted(archive, into, where))
    except (tarfile.TarError, EOFError) as error:
        raise StageError(f"{where} cannot be read: {error}; run the train stage again") from error


def _extracted(archive: Path, into: Path, where: str) -> Iterator[str]:
    left = MAX_BYTES
    with tarfile.open(archive, mode="r|gz") as tar:
        for member in tar:
            # An archive of a folder may begin with the folder itself.
            name = str(PurePosixPath(member.name))
            if member.isdir() and name == ".":
                continue
            if not member.isreg() or name not in NAMES:
                raise StageError(f"{where} holds {name!r}, which is no file of a model")
            left -= member.size
            if left < 0:
                raise StageError(f"{where} holds more than {MAX_BYTES >> 30} GiB")
            content = tar.extractfile(member)
            assert content is not None  # noqa: S101 - it is a regular file
            with (into / name).open("wb") as file:
                while data := content.read(_STEP):
                    file.write(data)
            yield name
