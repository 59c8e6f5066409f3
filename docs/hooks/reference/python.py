"""What programs may import from ``aidetect``, for mkdocstrings to describe."""

import aidetect


def public() -> str:
    """Return a line for each public name, functions and classes before errors."""
    found = [getattr(aidetect, name) for name in aidetect.__all__]
    found.sort(key=lambda one: (isinstance(one, type), is_error(one), one.__name__))
    return "\n\n".join(f"::: {one.__module__}.{one.__name__}" for one in found)


def is_error(found: object) -> bool:
    """Tell whether a name is that of an error."""
    return isinstance(found, type) and issubclass(found, Exception)
