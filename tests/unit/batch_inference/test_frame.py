"""Messages of a decode worker: sound ones survive the pipe, and nothing else gets through."""

import io
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_inference.decoding import Decoded, Facts, facts_of
from batch_inference.frame import (
    BESIDE,
    DONE,
    LARGE,
    LENGTH,
    MAX_HEAD,
    Message,
    pack_message,
    unpack_message,
)
from detector.provenance import MAX_DETAIL, MAX_GENERATOR, Claim, Provenance
from detector.reason import ImageError, Reason

SIZE = 4
PIXELS = np.arange(SIZE * SIZE * 3, dtype=np.uint8).reshape(SIZE, SIZE, 3)
SMALL = np.arange(3 * 2 * 3, dtype=np.uint8).reshape(3, 2, 3)
FACTS = Facts(7, "a" * 64, "JPEG", 40, 30)
SAID = Provenance((Claim.C2PA, Claim.WATERMARK), "Imagine \u00fc", json.dumps({"c2pa": "jumbf"}))


def frames(message: Message) -> tuple[bytes, bytes]:
    stream = io.BytesIO(pack_message(message))
    head, body = (stream.read(LENGTH.unpack(stream.read(LENGTH.size))[0]) for _ in range(2))
    assert stream.read() == b""
    assert len(head) < MAX_HEAD
    return head, body


def trip(message: Message) -> Decoded:
    back = unpack_message(*frames(message), SIZE)
    assert back.kind == message.kind
    assert back.decoded is not None
    return back.decoded


def test_an_outcome_survives_the_pipe() -> None:
    sent = Decoded(FACTS, PIXELS, crop=(0.125, 0, 0.75, 1))
    back = trip(Message(DONE, sent))
    assert (back.facts, back.error, back.crop) == (FACTS, None, (0.125, 0, 0.75, 1))
    np.testing.assert_array_equal(back.pixels, PIXELS, strict=True)

    failed = trip(Message(DONE, Decoded(facts_of(b"x"), error=ImageError(Reason.BOMB, "d\ud800"))))
    assert failed.error is not None
    assert (failed.error.reason, failed.error.detail) == (Reason.BOMB, "d?")
    assert unpack_message(*frames(Message(LARGE)), SIZE) == Message(LARGE)


def test_what_is_beside_it_survives_the_pipe() -> None:
    back = trip(Message(BESIDE, Decoded(FACTS, PIXELS, provenance=SAID, thumbnail=SMALL)))
    assert back.provenance == SAID
    np.testing.assert_array_equal(back.thumbnail, SMALL, strict=True)
    assert trip(Message(BESIDE, Decoded(FACTS))).thumbnail is None


def test_a_long_error_fits_its_frame() -> None:
    back = trip(Message(DONE, Decoded(FACTS, error=ImageError(Reason.UNDECODABLE, "\0" * 90_000))))
    assert back.error is not None
    assert len(back.error.detail) == 1000


def test_claims_are_put_in_order() -> None:
    head, _ = frames(Message(BESIDE, Decoded(FACTS, provenance=SAID)))
    head = head.replace(b'["c2pa","watermark"]', b'["watermark","c2pa","watermark"]')
    back = unpack_message(head, b"", SIZE).decoded
    assert back is not None
    assert back.provenance.claims == SAID.claims


def altered(message: Message, path: str, value: Any) -> bytes:
    """Return a message's head with one value of it replaced."""
    head = json.loads(frames(message)[0])
    *parents, last = path.split(".")
    part = head
    for name in parents:
        part = part[name]
    part[last] = value
    return json.dumps(head).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "nothing"),
        ("kind", "large"),
        ("kind", ["done"]),
        ("done", None),
        ("done.facts.bytes", True),
        ("done.facts.bytes", "7"),
        ("done.facts.bytes", 1 << 63),
        ("done.facts.bytes", -1),
        ("done.facts.sha256", {"a": 1}),
        ("done.facts.sha256", "A" * 64),
        ("done.facts.sha256", "a" * 64 + "\n"),
        ("done.facts.format", "JPEG<script>"),
        ("done.facts.width", 1e300),
        ("done.facts.height", 1 << 31),
        ("done.error", ["bomb", "d"]),
        ("done.error", {"reason": "boredom", "detail": ""}),
        ("done.error", {"reason": "bomb", "detail": 3}),
        ("done.crop", [0, 0, 1]),
        ("done.crop", [0, 0, 1, float("nan")]),
        ("done.crop", [0, 0, 1, 1.01]),
        ("done.more", 1),
    ],
)
def test_a_wrong_outcome_is_refused(path: str, value: Any) -> None:
    message = Message(DONE, Decoded(FACTS, PIXELS, crop=(0, 0, 1, 1)))
    with pytest.raises(ValueError, match="a decode worker sent"):
        unpack_message(altered(message, path, value), PIXELS.tobytes(), SIZE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("beside.claims", ["c2pa", "gods_word"]),
        ("beside.claims", "c2pa"),
        ("beside.claims", ["c2pa"] * 99),
        ("beside.generator", "g" * (MAX_GENERATOR + 1)),
        ("beside.generator", 3),
        ("beside.detail", json.dumps({"d": "x" * MAX_DETAIL})),
        ("beside.detail", "no JSON"),
        ("beside.detail", "[]"),
        ("beside.detail", "[" * 900),
        ("beside.detail", {"d": 1}),
        ("beside.thumbnail", [193, 1]),
        ("beside.thumbnail", [0, 3]),
        ("beside.thumbnail", [-2, -3]),
        ("beside.thumbnail", [2.0, 3.5]),
        ("beside.thumbnail", [2, 3, 3]),
    ],
)
def test_wrong_findings_are_refused(path: str, value: Any) -> None:
    message = Message(BESIDE, Decoded(FACTS, provenance=SAID, thumbnail=SMALL))
    with pytest.raises(ValueError, match="a decode worker sent"):
        unpack_message(altered(message, path, value), SMALL.tobytes(), SIZE)


@pytest.mark.parametrize("extra", [-1, 1, -SMALL.size])
def test_pixels_are_of_the_size_that_was_told(extra: int) -> None:
    for message, pixels in (
        (Message(DONE, Decoded(FACTS, PIXELS, crop=(0, 0, 1, 1))), PIXELS),
        (Message(BESIDE, Decoded(FACTS, thumbnail=SMALL)), SMALL),
    ):
        body = (pixels.tobytes() + b"x")[: pixels.size + extra]
        with pytest.raises(ValueError, match="reshape"):
            unpack_message(frames(message)[0], body, SIZE)


@pytest.mark.parametrize(
    "head",
    [b"", b"{}", b"[]", b"nonsense", b"[" * 60_000, b'{"kind":1}', b'{"kind":"ready","a":1}'],
)
def test_nonsense_is_refused_in_a_line(head: bytes) -> None:
    with pytest.raises(ValueError, match="a decode worker sent") as caught:
        unpack_message(head, b"", SIZE)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_random_frames_are_messages_or_refused(head: bytes, body: bytes) -> None:
    with pytest.raises(ValueError, match="a decode worker sent"):
        unpack_message(head, body, SIZE)
