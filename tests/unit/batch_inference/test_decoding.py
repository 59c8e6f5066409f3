"""The decoding policy, format by format and fault by fault, without worker processes."""

import io
import struct

import numpy as np
import pytest

from batch_inference.decoding import Decoded, decode, facts_of
from batch_inference.frame import DONE, Message, pack_message, unpack_message
from batch_inference.sniff import Format, describe, looks_cut, sniff
from detector.package import Preprocessing
from detector.plan import Limits
from detector.reason import ImageError, Reason
from tests.corpus import Recipe, encode, make_corpus, photograph, png_of_zeros, recipes

SPEC, LIMITS = Preprocessing(), Limits()


def run(data: bytes, limits: Limits = LIMITS) -> Decoded:
    return decode(data, SPEC, limits)


@pytest.mark.filterwarnings("ignore")  # the worker ignores them too
@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.kind)
def test_every_kind_of_file(recipe: Recipe) -> None:
    data = recipe.make(3)
    if not data or recipe.kind == "huge":
        return  # the reader and the worker tests have these
    outcome = run(data)
    assert (outcome.error.reason if outcome.error else None) is recipe.reason
    assert (outcome.pixels is None) == (outcome.error is not None)
    assert outcome.facts.sha256 == facts_of(data).sha256
    if outcome.pixels is not None:
        assert outcome.pixels.shape == (224, 224, 3)
        assert outcome.facts.width


@pytest.mark.parametrize("kind", list(Format))
def test_formats_are_told_by_their_bytes(kind: Format) -> None:
    data = encode(photograph(0), kind.value)
    assert sniff(data) is kind
    assert not looks_cut(data, kind)
    # A TIFF may keep its pixels anywhere, and AVIF has its own checks, so only decoding tells.
    assert looks_cut(data[: len(data) // 2], kind) or kind in {Format.TIFF, Format.AVIF}
    assert run(data).error is None
    half = run(data[: len(data) // 2]).error
    assert half is not None
    assert half.reason in {Reason.TRUNCATED, Reason.UNDECODABLE}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"%!PS-Adobe", "PostScript"),
        (b"\xef\xbb\xbf  <!DOCTYPE HTML>", "HTML"),
        (b"<html>", "HTML"),
        (b"<?xml?><svg/>", "SVG"),
        (b"PK\x03\x04", "zip"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1", "HEIC"),
        (b"hello", "text"),
        (b"BM, a text", "text"),
        (b"\x00\x01\x02\xff", "unknown"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, words: str) -> None:
    assert words in describe(data)
    outcome = run(data)
    assert outcome.error is not None
    assert outcome.error.reason is Reason.UNSUPPORTED


def test_sizes_are_judged_before_anything_is_unpacked() -> None:
    admitted: list[int] = []
    for size, limits, reason in (
        ((101, 100), Limits(max_pixels=10_000), Reason.BOMB),
        ((31, 400), LIMITS, Reason.TOO_SMALL),
    ):
        outcome = decode(png_of_zeros(*size), SPEC, limits, admitted.append)
        assert outcome.error is not None
        assert outcome.error.reason is reason
        assert (outcome.facts.width, outcome.facts.height) == size
    assert admitted == []
    assert decode(png_of_zeros(100, 100), SPEC, LIMITS, admitted.append).error is None
    assert admitted == [10_000]


def test_a_damaged_file_that_is_whole_is_undecodable() -> None:
    jpeg = bytearray(encode(photograph(0), "JPEG"))
    jpeg[3:200] = bytes(197)
    outcome = run(bytes(jpeg))
    assert outcome.error is not None
    assert outcome.error.reason is Reason.UNDECODABLE
    assert "0x" not in outcome.error.detail  # no memory addresses in results


@pytest.mark.filterwarnings("ignore")  # the worker ignores them too
def test_hostile_bytes_never_escape() -> None:
    random = np.random.default_rng(1)
    for kind in Format:
        sound = encode(photograph(1).resize((64, 64)), kind.value)
        for _ in range(12):
            data = bytearray(sound)
            for at in random.integers(0, len(data), 8):
                data[at] = random.integers(0, 256)
            outcome = run(bytes(data), Limits(max_pixels=1_000_000))
            assert (outcome.error is None) != (outcome.pixels is None)


def test_a_message_survives_the_pipe_and_nonsense_is_refused() -> None:
    def trip(message: Message) -> Message:
        stream = io.BytesIO(pack_message(message))
        parts = [stream.read(struct.unpack("!I", stream.read(4))[0]) for _ in range(2)]
        return unpack_message(*parts)

    scored = run(encode(photograph(0), "PNG"))
    back = trip(Message(DONE, scored)).decoded
    assert back is not None
    assert back.facts == scored.facts
    np.testing.assert_array_equal(back.pixels, scored.pixels)
    failed = trip(
        Message(DONE, Decoded(facts_of(b"x"), error=ImageError(Reason.BOMB, "d")))
    ).decoded
    assert failed is not None
    assert failed.error is not None
    assert (failed.error.reason, failed.error.detail) == (Reason.BOMB, "d")
    for head in (b"{}", b"[]", b"nonsense", b'{"kind":"done","facts":[]}', b'{"kind":1,"facts":3}'):
        with pytest.raises(ValueError):  # noqa: PT011 - JSON's own error is one
            unpack_message(head, b"")


def test_the_corpus_is_repeatable(tmp_path_factory: pytest.TempPathFactory) -> None:
    first, second = (tmp_path_factory.mktemp("corpus") for _ in range(2))
    made = make_corpus(first, 60, seed=4, huge=0)
    assert make_corpus(second, 60, seed=4, huge=0) == made
    assert len({expected.key for expected in made}) == 60
    for expected in made:
        assert (first / expected.key).read_bytes() == (second / expected.key).read_bytes()
