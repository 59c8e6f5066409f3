"""Take what the last integration tests saw into the snapshot: ``python -m tests.policy``."""

import sys

from tests.policy.grants import grants, shown
from tests.policy.observed import SESSIONS, SNAPSHOT, load, save
from tests.policy.service_side import service_side
from tests.unit.template.document import template


def main() -> int:
    """Write the snapshot: what was and is seen of what the template still grants."""
    granted = set(grants(template()))
    seen = load().union(*(load(path) for path in sorted(SESSIONS.glob("*.json"))))
    save(seen & granted)
    unused = granted - seen - service_side(template())
    print(f"{len(seen & granted)} of {len(granted)} grants seen in use: {SNAPSHOT}")  # noqa: T201
    if unused:
        print(f"Neither seen in use nor asked for by AWS:\n{shown(unused)}")  # noqa: T201
    return int(bool(unused))


if __name__ == "__main__":
    sys.exit(main())
