"""The jobs' container images: python -m local.image build|size --help.

`make image` and `make image-size` call this; docs/image.md tells of each.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.errors import LocalError
from local.image.build import build
from local.image.builder import find
from local.image.size import measure
from local.image.size_table import keep, lines
from local.image.target import TARGETS


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local.image", description=(__doc__ or "").splitlines()[0]
    )
    commands = parser.add_subparsers(dest="command", required=True)
    about = {
        "build": "build an image",
        "size": "measure an image that was built: bytes by layer and by package",
    }
    for name, told in about.items():
        command = commands.add_parser(name, help=told, description=told)
        command.add_argument("--target", choices=TARGETS, default="scorer")
        command.add_argument("--extra", default="", help="extras of pyproject.toml, with commas")
        command.add_argument("--builder", default="", help="buildah, docker or podman")
        if name == "build":
            command.add_argument("--base", default="", help="another image of Python 3.11")
            command.add_argument(
                "--stand-in-base",
                action="store_true",
                help="make the base with debootstrap: for machines that reach no registry",
            )
        if name == "size":
            command.add_argument("--json", type=Path, help="a file to keep the numbers in")
    return parser


def _do(given: argparse.Namespace) -> None:
    builder, target = find(given.builder), TARGETS[given.target]
    extra = given.extra or target.extra
    if given.command == "build":
        stand_in = given.stand_in_base
        name = build(builder, target, extra, given.base, stand_in=stand_in, progress=_say)
        _say(f"Built {name}")
    if given.command == "size":
        name = target.image(extra)
        measured = measure(builder, name)
        for line in lines(name, measured):
            _say(line)
        if given.json:
            day = datetime.now(UTC).date().isoformat()
            told = {"measured_at": day, "builder": builder.name}
            keep(given.json, name, measured, told)


def main(words: Sequence[str] | None = None) -> int:
    """Do what was asked; give the exit status."""
    given = _parser().parse_args(words)
    try:
        _do(given)
    except LocalError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
