"""Reads JSON that anybody may have written: it is a document that can be stored, or a ValueError.

:func:`json.loads` alone lets two things through. A text nested ten thousand deep ends in a
RecursionError; and half of a surrogate pair, escaped or as bytes, becomes a string that fails only
later, where it is written, together with everything it is written with.
"""

import json
from typing import Any


def read_json(text: str | bytes) -> Any:
    """Return the document.

    Raises
    ------
    ValueError
        If it is none, is not UTF-8, is nested too deeply, has a number of more digits than Python
        takes, or text that is no Unicode.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        else:
            text.encode()
        document = json.loads(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return document
