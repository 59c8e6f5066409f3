"""``/tmp`` of a function or a job, which on AWS is its own and here is a folder of the stack's."""

from collections.abc import Mapping

TMP = "/tmp"  # noqa: S108  (the name is replaced, not used)


def relocate(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """Give the variables with every value that is ``/tmp`` or lies below it moved to ``folder``."""
    return {
        name: folder + value[len(TMP) :] if value == TMP or value.startswith(f"{TMP}/") else value
        for name, value in environ.items()
    }
