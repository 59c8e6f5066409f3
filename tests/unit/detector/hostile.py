"""Documents that nobody honest wrote: valid ones with one field replaced, and no documents."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

# Bounded by examples, not by time: the machine may be busy.
BRIEFLY = settings(max_examples=40, deadline=None)

# What JSON parsers and those who take their word trip over.
TRAPS = (
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b"9" * 5000,
    b'{"schema": ' + b"9" * 5000 + b"}",
    b'{"bucket": "b", "key": "k", "size": ' + b"9" * 5000 + b"}",
    b'{"bucket": "b", "key": "\\ud800"}',
    b'{"bucket": "b", "key": "\xed\xa0\x80"}',
    b'{"bucket": "b", "key": "k", "size": -1}',
    b'{"bucket": "b", "key": "k", "size": NaN}',
    b'{"schema": ["a"]}',
    b'{"schema": {}}',
)

_ODD_TEXT = st.one_of(
    st.text(max_size=20),
    # Halves of surrogate pairs among them.
    st.text(st.characters(), max_size=20),
    st.sampled_from(["\ud800", "a\nb", "\0", "../..", "<script>", "[red]", "%", "'; --", "\u202e"]),
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, -(10**30), 2**63]),
    st.floats(),
    _ODD_TEXT,
)
VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_ODD_TEXT, inner),
    max_leaves=5,
)


def texts(honest: Any) -> st.SearchStrategy[bytes]:
    """Return texts around a valid document, given as plain data, some of them valid."""
    return st.one_of(
        st.sampled_from(TRAPS),
        st.binary(max_size=60),
        VALUES.map(json.dumps).map(str.encode),
        changed(honest).map(json.dumps).map(str.encode),
        cut(json.dumps(honest).encode()),
    )


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return a text with one byte replaced and perhaps its end missing."""
    at = draw(st.integers(0, len(whole) - 1))
    end = draw(st.integers(at, len(whole)) | st.just(len(whole)))
    return (whole[:at] + draw(st.binary(min_size=1, max_size=2)) + whole[at + 1 :])[: end + 1]


@st.composite
def changed(draw: st.DrawFn, honest: Any) -> Any:
    """Return a document in which one place, at any depth, holds something else or is gone."""
    document = json.loads(json.dumps(honest))
    node: Any = document
    while isinstance(node, dict | list) and node:
        at = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[at], dict | list) or not node[at] or draw(st.booleans()):
            if draw(st.integers(0, 9)) == 0:
                del node[at]
            else:
                node[at] = draw(VALUES)
            break
        node = node[at]
    return document
