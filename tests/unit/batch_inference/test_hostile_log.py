"""A line of the log is one line and one JSON object, whatever an object's key or error holds."""

import io
import json
import logging

from hypothesis import given, settings
from hypothesis import strategies as st

from batch_inference.log import JsonFormatter

BRIEFLY = settings(max_examples=60, deadline=None)
HOSTILE = st.sampled_from(
    ['a\n{"level": "error"}', "\r\n", "\x1b[31m", "\u2028", "\ud800", '"}', "%s", "\0", "\u202e"]
) | st.text(st.characters(), max_size=30)


@BRIEFLY
@given(HOSTILE, HOSTILE)
def test_one_line_each(key: str, why: str) -> None:
    written_to = io.BytesIO()
    stream = io.TextIOWrapper(written_to, encoding="utf-8", newline="")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    record = logging.LogRecord("n", logging.WARNING, "p", 1, key, None, None)
    record.fields = {"image": key, "why": ValueError(why)}

    handler.handle(record)

    stream.flush()
    written = written_to.getvalue()
    assert written.count(b"\n") == 1
    assert written.isascii()
    line = json.loads(written)
    assert (line["message"], line["image"], line["why"]) == (key, key, why)
    assert line["level"] == "warning"
