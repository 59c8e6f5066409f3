"""How the local stack tells what it is doing."""

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(_message: str) -> None:
    """Tell nobody."""
