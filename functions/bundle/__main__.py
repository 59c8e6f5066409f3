"""``python -m functions.bundle NAME FOLDER``: what the Makefile runs for ``sam build``."""

import argparse
import sys
from pathlib import Path

from functions.bundle.assemble import TooLargeError, assemble
from functions.bundle.install import InstallError
from functions.bundle.recipe import LAMBDA_LIMIT_BYTES, RECIPES
from functions.bundle.target import TargetError, chosen


def main(words: list[str] | None = None) -> int:
    """Build the bundle that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m functions.bundle", description=__doc__)
    parser.add_argument("name", choices=sorted(RECIPES))
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(words)
    try:
        target = chosen()
        size, files = assemble(RECIPES[options.name], target, options.folder)
    except (InstallError, TargetError, TooLargeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"bundle {options.name} for {target.tag}: {size:,} bytes in {files:,} files, "
        f"{size / LAMBDA_LIMIT_BYTES:.0%} of Lambda's limit\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
