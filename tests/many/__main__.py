"""Drop many objects on a local stack of its own: python -m tests.many --images 1000 100000

Ends with 1 where an object has no row, or two.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.faults.measured import measured, say
from tests.faults.own_stack import own_scene
from tests.many.crossing import cross

# As on AWS.
PARAMETERS = {"BatchingWindowSeconds": "20", "ChunkSize": "1000", "ImagesPerShard": "5000"}
# Of the objects dropped: small, so that this is about their number.
SIDE = 96


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.many", description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/many.json"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    crossings: list[dict[str, Any]] = []
    exact = True
    with own_scene(PARAMETERS, given.seed, say, side=SIDE, hastened=False) as made:
        for images in given.images:
            crossing = cross(made, images, say)
            exact = exact and crossing.exact
            crossings.append(crossing.record())
            say(json.dumps(crossing.record(), indent=1))
            document = measured("tests.many") | {"parameters": PARAMETERS, "crossings": crossings}
            given.out.write_text(json.dumps(document, indent=1) + "\n")
    return int(not exact)


if __name__ == "__main__":
    sys.exit(main())
