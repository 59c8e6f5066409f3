"""The command line and the client: the same words for the local stack and for AWS.

Programs use :func:`connect` and :func:`score`; importing this package imports nothing else until
one of its names is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aidetect.client import Client, connect, score
    from aidetect.errors import AidetectError, AwsError, StillGoingError
    from aidetect.image_row import ImageRow
    from aidetect.result_set import Results, ResultsError
    from aidetect.target import NoStackError

__all__ = [
    "AidetectError",
    "AwsError",
    "Client",
    "ImageRow",
    "NoStackError",
    "Results",
    "ResultsError",
    "StillGoingError",
    "connect",
    "score",
]

_HOMES = {
    "AidetectError": "aidetect.errors",
    "AwsError": "aidetect.errors",
    "Client": "aidetect.client",
    "ImageRow": "aidetect.image_row",
    "NoStackError": "aidetect.target",
    "Results": "aidetect.result_set",
    "ResultsError": "aidetect.result_set",
    "StillGoingError": "aidetect.errors",
    "connect": "aidetect.client",
    "score": "aidetect.client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
