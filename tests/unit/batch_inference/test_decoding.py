"""The decoding policy, format by format and fault by fault, without worker processes."""

import numpy as np
import pytest

from batch_inference import decoding
from batch_inference.decoding import Decoded, decode, facts_of
from batch_inference.sniff import Format, describe, looks_cut, sniff
from detector.package import Preprocessing
from detector.plan import Limits
from detector.provenance import NONE, Claim, Provenance
from detector.reason import Reason
from tests.corpus import Recipe, encode, make_corpus, photograph, png_of_zeros, recipes

SPEC, LIMITS = Preprocessing(), Limits()


def run(data: bytes, limits: Limits = LIMITS, *, thumbnail: bool = False) -> Decoded:
    first, whole = decode(data, SPEC, limits, thumbnail=thumbnail)
    assert (first.facts, first.error, first.crop) == (whole.facts, whole.error, whole.crop)
    assert first.pixels is whole.pixels
    assert (first.provenance, first.thumbnail) == (NONE, None)
    return whole


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
        *_, outcome = decode(png_of_zeros(*size), SPEC, limits, admitted.append)
        assert outcome.error is not None
        assert outcome.error.reason is reason
        assert (outcome.facts.width, outcome.facts.height) == size
    assert admitted == []
    *_, outcome = decode(png_of_zeros(100, 100), SPEC, LIMITS, admitted.append)
    assert outcome.error is None
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


SAID = Provenance((Claim.IPTC_AI,), "Imagine 3", "{}")


def test_metadata_and_thumbnail_come_after_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "read_provenance", lambda _data, _image: SAID)
    outcome = run(encode(photograph(0), "PNG"), thumbnail=True)
    assert outcome.provenance == SAID
    assert outcome.thumbnail is not None
    assert max(outcome.thumbnail.shape) == 192
    width, height = photograph(0).size
    assert outcome.crop == pytest.approx(
        ((1 - height / width) / 2, 0, height / width, 1), abs=2 / 224
    )
    assert run(encode(photograph(0), "PNG")).thumbnail is None


def test_an_image_that_cannot_be_decoded_still_says_where_it_is_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decoding, "read_provenance", lambda _data, _image: SAID)
    whole = encode(photograph(0), "JPEG")
    cut = run(whole[: len(whole) // 2], thumbnail=True)
    assert cut.error is not None
    assert cut.error.reason is Reason.TRUNCATED
    assert (cut.provenance, cut.thumbnail, cut.crop) == (SAID, None, None)
    # What is refused by its header alone is not looked at any further.
    assert run(whole, Limits(max_pixels=100)).provenance == NONE
    assert run(b"hello").provenance == NONE


def test_the_corpus_is_repeatable(tmp_path_factory: pytest.TempPathFactory) -> None:
    first, second = (tmp_path_factory.mktemp("corpus") for _ in range(2))
    made = make_corpus(first, 60, seed=4, huge=0)
    assert make_corpus(second, 60, seed=4, huge=0) == made
    assert len({expected.key for expected in made}) == 60
    for expected in made:
        assert (first / expected.key).read_bytes() == (second / expected.key).read_bytes()
