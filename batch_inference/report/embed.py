"""Text of any origin as part of a page, so that it stays text."""

import json

# What could end the script element that holds the JSON, or (in old engines) a line of script.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def json_text(value: object) -> str:
    """Return JSON that may stand inside ``<script type="application/json">``.

    Raises
    ------
    ValueError
        If a number is not finite, which JSON cannot say.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half of a surrogate pair cannot be written as UTF-8.
    return text.translate(_UNSAFE).encode("utf-8", "replace").decode()
