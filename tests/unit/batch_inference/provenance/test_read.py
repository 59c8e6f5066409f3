"""The readers together: order, bounds, and that nothing in a file makes them raise."""

import io
import json

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from PIL import Image

from batch_inference.decoder import Decoder
from batch_inference.provenance.finding import Detail
from batch_inference.provenance.read import read_provenance
from batch_inference.provenance.text import clean, dump
from batch_inference.settings import Settings
from detector.package import Preprocessing
from detector.plan import Limits
from detector.provenance import MAX_DETAIL, MAX_GENERATOR, NONE, Claim, Provenance
from tests.unit.batch_inference.provenance.images import MIMES, encode, opened, photograph
from tests.unit.batch_inference.provenance.packets import packet, png_with, with_exif, with_packet
from tests.unit.batch_inference.provenance.signing import Authority, make_authority, sign

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
XMP = packet(attributes=f'e:DigitalSourceType="{AI}" xmp:CreatorTool="Midjourney"')
SIGNER = make_authority("Nobody")


def check(found: Provenance) -> None:
    """Hold to what the class promises, whatever the file."""
    assert list(found.claims) == [claim for claim in Claim if claim in found.claims]
    assert found.generator is None or 0 < len(found.generator) <= MAX_GENERATOR
    for text in (found.generator or "", found.detail or ""):
        assert text.isprintable()
        assert text.encode("utf-8").decode("utf-8") == text
    if found.detail is not None:
        assert len(found.detail) <= MAX_DETAIL
        assert isinstance(json.loads(found.detail), dict)


@pytest.mark.parametrize("kind", MIMES)
def test_a_plain_file_claims_nothing(kind: str) -> None:
    data = encode(kind)

    assert read_provenance(data, opened(data)) == NONE


def test_claims_come_strongest_first_and_the_strongest_names_the_generator() -> None:
    signed = sign(with_packet("PNG", XMP), "image/png", SIGNER, "trainedAlgorithmicMedia", "Maker")

    found = read_provenance(signed, opened(signed))

    assert found.column == "c2pa_ai_untrusted,iptc_ai,generator_tag"
    assert found.generator == "Maker 1.0"
    assert list(json.loads(str(found.detail))) == ["c2pa", "iptc", "tag"]
    check(found)


def test_a_damaged_block_costs_only_what_is_in_it() -> None:
    image = opened(png_with({"Software": "NovelAI"}))
    image.info["exif"] = b"Exif\0\0II*\0\xff\xff\xff\xff"
    image.info["xmp"] = b"\xff\xfe\xff"
    image.info["photoshop"] = {0x0404: b"\x1c\x02\x41\x7f\xff"}

    found = read_provenance(b"", image)

    assert found.claims == (Claim.GENERATOR_TAG,)


class Hostile(Image.Image):
    """An image of which everything raises."""

    def __getattribute__(self, name: str) -> object:
        if name.startswith("__"):
            return super().__getattribute__(name)
        raise MemoryError(name)


def test_it_never_raises() -> None:
    assert read_provenance(b"jumdc2pa", Hostile()) == NONE


def test_an_image_whose_pixels_are_damaged_still_claims() -> None:
    data = with_exif("PNG", {0x0131: "Midjourney"})
    with Image.open(io.BytesIO(data[:2000])) as image:
        found = read_provenance(data[:2000], image)

    assert found.generator == "Midjourney"


SEEDS = [
    *(sign(encode(kind), mime, SIGNER, "trainedAlgorithmicMedia") for kind, mime in MIMES.items()),
    *(
        with_packet(kind, XMP)
        for kind in ("JPEG", "JPEG extended", "PNG compressed", "TIFF", "GIF")
    ),
    with_exif("JPEG", {0x0131: "Midjourney", 0x9C9C: "x".encode("utf-16-le")}, b"UNICODE\0S\0t\0"),
    png_with({"parameters": "Steps: 20, Sampler: Euler", "prompt": '{"class_type": 1}' * 90}),
]


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=6
    ),
    cut=st.floats(0.2, 1),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@example(seed=SEEDS[0], changes=[], cut=1.0)
def test_mutated_files_never_raise(
    seed: bytes, changes: list[tuple[float, bytes]], cut: float
) -> None:
    data = bytearray(seed)
    for place, new in changes:
        start = int(place * len(data))
        data[start : start + len(new)] = new
    del data[int(cut * len(data)) :]
    try:
        image = Image.open(io.BytesIO(bytes(data)))
    except Exception:  # noqa: BLE001 -- refused before anything is read
        return
    with image:
        check(read_provenance(bytes(data), image))


@given(text=st.text(max_size=400), limit=st.integers(1, 200))
def test_text_is_clean_and_short(text: str, limit: int) -> None:
    found = clean(text, limit)

    assert len(found) <= limit
    assert found.isprintable()
    assert found == found.strip()


@given(
    details=st.dictionaries(
        st.sampled_from(["c2pa", "iptc", "watermark", "tag"]),
        st.dictionaries(
            st.sampled_from(["signer", "program", "source", "codes"]),
            st.text(max_size=500) | st.lists(st.text(max_size=300), max_size=9),
        ),
    )
)
def test_the_detail_is_bounded_json(details: dict[str, Detail]) -> None:
    text = dump(details)

    assert (text is None) == (not any(details.values()))
    if text is not None:
        assert len(text) <= MAX_DETAIL
        assert set(json.loads(text)) == {key for key, value in details.items() if value}


@pytest.mark.usefixtures("_trusting")
def test_it_works_inside_a_decode_worker_under_its_limits(known: Authority) -> None:
    signed = sign(encode("JPEG"), "image/jpeg", known, "trainedAlgorithmicMedia")
    tagged = with_exif("JPEG", {0x0131: "Midjourney"})
    with Decoder(Preprocessing(), Limits(), Settings(decoders=1)) as decoder:
        outcomes = [decoder.decode(data) for data in (signed, tagged, signed, encode("JPEG"))]

    assert [outcome.provenance.column for outcome in outcomes] == [
        "c2pa_ai", "generator_tag", "c2pa_ai", None,
    ]  # fmt: skip
    assert all(outcome.pixels is not None for outcome in outcomes)


def test_a_marked_photograph_of_other_sizes_reads_the_same() -> None:
    for side in (64, 640):
        made = io.BytesIO()
        photograph(side).save(made, "PNG")
        assert read_provenance(made.getvalue(), opened(made.getvalue())) == NONE
