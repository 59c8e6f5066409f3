"""Makes text from hostile files fit to be stored and shown."""

import json
from collections.abc import Mapping

from batch_inference.provenance.finding import Detail
from detector.provenance import MAX_DETAIL

# How long one text in the detail may be, longest first: the first that makes it fit is taken.
_LENGTHS = (120, 60, 30, 12)


def clean(text: str, limit: int) -> str:
    """Return one line of at most ``limit`` printable characters.

    Control characters go, and with them what reorders or hides text on a screen (Unicode's format
    characters) and halves of surrogate pairs, which no UTF-8 can hold.
    """
    # Ten times the limit is enough to look at: what is cut there is not all white space.
    head = text[: 10 * limit]
    printable = "".join(char if char.isprintable() else " " for char in head)
    return " ".join(printable.split())[:limit].rstrip()


def dump(details: Mapping[str, Detail]) -> str | None:
    """Return the details as a JSON object of at most ``MAX_DETAIL`` characters; None when empty."""
    full = {reader: detail for reader, detail in details.items() if detail}
    for length in _LENGTHS if full else ():
        text = json.dumps(_shorten(full, length), ensure_ascii=False, separators=(",", ":"))
        if len(text) <= MAX_DETAIL:
            return text
    return None


def _shorten(details: Mapping[str, Detail], length: int) -> dict[str, Detail]:
    return {
        reader: {
            key: clean(value, length)
            if isinstance(value, str)
            else [clean(word, length) for word in value[:4]]
            for key, value in detail.items()
        }
        for reader, detail in details.items()
    }
