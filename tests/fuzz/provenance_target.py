"""The readers of metadata on one file or packet, without the net under them."""

import io
import json
from contextlib import suppress

from PIL import Image

from batch_inference.decoding import _DAMAGE, Decoded, Facts, prepare_pillow
from batch_inference.frame import BESIDE, Message, pack_message
from batch_inference.provenance.fields import MAX_TEXT, Field, read_fields
from batch_inference.provenance.finding import Finding
from batch_inference.provenance.iptc import read_iptc
from batch_inference.provenance.manifest import judge
from batch_inference.provenance.read import _join
from batch_inference.provenance.tags import read_tags
from batch_inference.provenance.watermark import read_watermark
from batch_inference.provenance.xmp import MAX_PACKET, read_xmp
from batch_inference.sniff import sniff
from tests.fuzz.decoder_target import LIMITS
from tests.fuzz.image_seeds import XMP, image_seeds
from tests.fuzz.target import BrokenPromiseError, Target

NOTHING, SILENT, CLAIMS = "no image", "no claim", "claims"
_REPORT = {
    "active_manifest": "urn:a",
    "validation_state": "Valid",
    "validation_results": {
        "activeManifest": {
            "success": [
                {
                    "code": "signingCredential.trusted",
                    "url": "self#jumbf=/c2pa/urn:a/c2pa.signature",
                }
            ],
            "failure": [{"code": "assertion.hashedURI.mismatch"}],
        },
        "ingredientDeltas": [{"validationDeltas": {"failure": [{"code": "x"}]}}],
    },
    "manifests": {
        "urn:a": {
            "claim_generator_info": [{"name": "Firefly", "version": "1"}],
            "signature_info": {"common_name": "Signer", "issuer": "CA"},
            "assertions": [
                {
                    "label": "c2pa.actions.v2",
                    "data": {
                        "actions": [
                            {
                                "digitalSourceType": "http://cv.iptc.org/newscodes/"
                                "digitalsourcetype/trainedAlgorithmicMedia",
                                "softwareAgent": {"name": "Firefly"},
                            }
                        ]
                    },
                }
            ],
            "ingredients": [{"relationship": "parentOf", "active_manifest": "urn:b"}],
        }
    },
}


def prepare() -> None:
    """Set Pillow up as the decode worker does."""
    prepare_pillow(LIMITS)


def run(data: bytes) -> str:
    """Read; return whether there are claims.

    An image is read as one, a JSON document as the C2PA library's report, and else the bytes as an
    XMP packet and as a text field.

    Raises
    ------
    BrokenPromiseError
        If what was found does not fit the column.
    """
    if sniff(data) is not None:
        findings = _of_image(data)
    elif data.startswith(b"{"):
        try:
            report = json.loads(data)
        except (ValueError, RecursionError):
            return NOTHING
        findings = {"c2pa": judge(report)}
    else:
        text = data.decode("utf-8", "replace")
        field = Field(text[:20].partition("\n")[0], text[:MAX_TEXT])
        findings = {"iptc": read_iptc(text), "tag": read_tags([field], text)}
    if findings is None:
        return NOTHING
    said = _join({reader: found for reader, found in findings.items() if found})
    # Refuses what is longer or other than the column holds.
    pack_message(Message(BESIDE, Decoded(Facts(), provenance=said)))
    if said.generator is not None and not said.generator.isprintable():
        raise BrokenPromiseError(f"the generator {said.generator!r}")
    return CLAIMS if said.claims else SILENT


def _of_image(data: bytes) -> dict[str, Finding | None] | None:
    kind = sniff(data)
    try:
        image = Image.open(io.BytesIO(data), formats=kind.openers if kind else ())
        if image.width * image.height > LIMITS.max_pixels:
            return None
        image.load()
    except (*_DAMAGE, Image.DecompressionBombWarning, Image.DecompressionBombError):
        return None
    packet = read_xmp(data, image)
    if len(packet) > MAX_PACKET + 10:
        raise BrokenPromiseError(f"a packet of {len(packet)} characters")
    fields: list[Field] = []
    # Documented: Pillow's own words on a damaged EXIF block.
    with suppress(*_DAMAGE):
        fields.extend(read_fields(image))
    return {
        "iptc": read_iptc(packet),
        "watermark": read_watermark(data, image),
        "tag": read_tags(fields, packet),
    }


def seeds() -> list[bytes]:
    """Return images, packets, text fields and reports."""
    texts = [XMP, b"Software\nMidjourney v6", b"parameters\nSteps: 20, Sampler: Euler a"]
    return [*image_seeds(), *texts, json.dumps(_REPORT).encode()]


TARGET = Target("provenance", run, seeds, (NOTHING, SILENT, CLAIMS))
