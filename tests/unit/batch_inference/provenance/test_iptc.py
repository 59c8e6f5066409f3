"""Digital source types in XMP packets, in each container and each form."""

import pytest

from batch_inference.provenance.iptc import read_iptc
from batch_inference.provenance.read import read_provenance
from batch_inference.provenance.source_type import term
from batch_inference.provenance.xmp import MAX_PACKET, values_of
from detector.provenance import NONE, Claim
from tests.unit.batch_inference.provenance.images import opened
from tests.unit.batch_inference.provenance.packets import IPTC, packet, with_packet

AI = IPTC + "trainedAlgorithmicMedia"
KINDS = ["JPEG", "JPEG extended", "PNG", "PNG compressed", "WEBP", "TIFF", "AVIF", "GIF"]
FORMS = {
    "attribute": packet(attributes=f'Iptc4xmpExt:DigitalSourceType="{AI}"'),
    "single quotes": packet(attributes=f"Iptc4xmpExt:DigitalSourceType = '{AI}'"),
    "element": packet(f"<Iptc4xmpExt:DigitalSourceType>{AI}</Iptc4xmpExt:DigitalSourceType>"),
    "spaces": packet(f"<e:DigitalSourceType>\n  {AI}/\n</e:DigitalSourceType>"),
    "resource": packet(f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{AI}"/>'),
    "code": packet("<e:DigitalSourceType>digsrctype:trainedAlgorithmicMedia</e:x>"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["attribute", "element"])
def test_a_tag_is_found_in_every_container(kind: str, form: str) -> None:
    data = with_packet(kind, FORMS[form])

    found = read_provenance(data, opened(data))

    assert found.claims == (Claim.IPTC_AI,)
    assert found.detail == '{"iptc":{"source":"trainedAlgorithmicMedia"}}'


@pytest.mark.parametrize("form", FORMS)
def test_a_tag_is_found_in_every_form(form: str) -> None:
    finding = read_iptc(FORMS[form])

    assert finding is not None
    assert finding.claims == (Claim.IPTC_AI,)


@pytest.mark.parametrize(
    "value", ["digitalCapture", "algorithmicMedia", "compositeSynthetic", "digitalCreation", "none"]
)
def test_other_source_types_are_no_claim(value: str) -> None:
    data = with_packet("JPEG", packet(attributes=f'e:DigitalSourceType="{IPTC}{value}"'))

    assert read_provenance(data, opened(data)) == NONE


@pytest.mark.parametrize("text", [AI, "DigitalSourceType is " + AI, "<DigitalSourceType>"])
def test_what_only_looks_like_a_property_is_none(text: str) -> None:
    assert read_iptc(packet(text)) is None


def test_a_utf16_packet_is_read() -> None:
    xmp = packet(attributes=f'e:DigitalSourceType="{AI}"')
    for encoding in ("utf-16", "utf-16-be", "utf-16-le"):
        image = opened(with_packet("JPEG", packet()))
        image.info["xmp"] = xmp.encode(encoding)
        assert read_provenance(b"", image).claims == (Claim.IPTC_AI,)


def test_entities_are_resolved_but_never_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'

    assert values_of(bomb + packet(attributes='x:Tool="R&amp;D &b;"'), "Tool") == ["R&D &b;"]


def test_a_packet_beyond_bounds_is_cut_and_read_in_time() -> None:
    image = opened(with_packet("JPEG", packet()))
    for filler in (
        "<e:DigitalSourceType ", "e:DigitalSourceType=", "<e:DigitalSourceType>",
        " e:DigitalSourceType='", "<e:DigitalSourceType rdf:resource=",
    ):  # fmt: skip
        image.info["xmp"] = (filler * (2 * MAX_PACKET // len(filler))).encode()
        assert read_provenance(b"", image) == NONE
    gif = with_packet("GIF", "<x:xmpmeta" * (MAX_PACKET // 5))
    assert read_provenance(gif, opened(gif)) == NONE
    image.info["xmp"] = b" " * MAX_PACKET + FORMS["element"].encode()
    assert read_provenance(b"", image) == NONE


def test_terms_are_read_from_uris_and_codes() -> None:
    assert term(AI) == term(AI.upper()) == term(AI + "/") == "trainedAlgorithmicMedia"
    assert term("https://cv.iptc.org/newscodes/digitalsourcetype/print") == "print"
    assert term("http://elsewhere.example/trainedAlgorithmicMedia") is None
    assert term("x" * 100_000) is None
