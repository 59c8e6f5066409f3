"""Which detector is meant: the embedded one, the champion, a release, or a folder's."""

from dataclasses import dataclass
from pathlib import Path

from aidetect.console import err
from aidetect.errors import AidetectError
from aidetect.resolve import resolve
from aidetect.target import Target
from detector.cache import cache_home
from detector.champion import read_champion
from detector.package import DESCRIPTION_FILE, DetectorPackage, PackageFile
from detector.plan import DetectorRef
from training import registry

EMBEDDED, CHAMPION = "embedded", "champion"


class NoDetectorError(AidetectError, ValueError):
    """What was named is no detector."""


@dataclass(frozen=True)
class Located:
    """A detector's folder: its package, whole or documents alone, or a fitted head."""

    folder: Path
    champion: bool = False


def locate(name: str, where: str | None, stack: str, *, whole: bool = False) -> Located:
    """Return the folder of a detector, fetched or built where it is not at hand.

    Parameters
    ----------
    name
        ``embedded``, ``champion``, ``name@version``, or a folder: a package's, or a fitted head's.
    where, stack
        As of :func:`aidetect.resolve.resolve`; a stack is asked only for the champion and releases.
    whole
        Whether the graphs are needed too. Else a fitted head becomes the package it makes, and of
        a release only the documents are fetched.

    Raises
    ------
    NoDetectorError
        If it is neither.
    """
    if name == EMBEDDED:
        return Located(_built(None))
    folder = Path(name)
    if folder.is_dir():
        if (folder / DESCRIPTION_FILE).is_file():
            return Located(folder)
        # Refused with a sentence where it is no fitted head either.
        return Located(folder if whole else _built(folder))
    if name != CHAMPION and "@" not in name:
        raise NoDetectorError(
            f"{name!r} is no detector: name a folder, NAME@VERSION as `aidetect detector list` "
            "shows them, champion, or embedded"
        )
    target = resolve(where, stack)
    in_use = _champion(target)
    if name == CHAMPION:
        if in_use is None:
            raise NoDetectorError("no detector is in use yet: run `aidetect detector publish`")
        ref = in_use
    else:
        ref = DetectorRef.parse(name, bucket=target.outputs.ModelsBucket)
    files = _all if whole else _told
    into = cache_home() / "released" / ref.bucket / f"{ref.name}-{ref.version}"
    return Located(registry.fetch(ref, into, s3=target.s3, files=files), champion=ref == in_use)


def _built(fitted: Path | None) -> Path:
    from training import embedded  # imports onnx, which `--help` need not wait for

    def say(step: str) -> None:
        err.print(f"[dim]{step}[/]")

    if fitted is None:
        return embedded.build(progress=say)
    return embedded.build(progress=say, fitted=fitted)


def _champion(target: Target) -> DetectorRef | None:
    outputs = target.outputs
    return read_champion(
        ssm=target.ssm, parameter=outputs.ChampionParameter, bucket=outputs.ModelsBucket
    )


def _all(package: DetectorPackage) -> tuple[PackageFile, ...]:
    return package.files


def _told(package: DetectorPackage) -> tuple[PackageFile, ...]:
    return package.told
