"""What a file's IPTC properties say of its origin.

Of both forms of IPTC metadata only XMP has a digital source type; the older IIM has no dataset for
it. https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata#digital-source-type
"""

from batch_inference.provenance.finding import Finding
from batch_inference.provenance.source_type import AI, term
from batch_inference.provenance.xmp import values_of
from detector.provenance import Claim


def read_iptc(packet: str) -> Finding | None:
    """Return the claim of an XMP packet whose digital source type says that a model made it."""
    terms = [term(value) for value in values_of(packet, "DigitalSourceType")]
    found = next((name for name in terms if name in AI), None)
    if found is None:
        return None
    return Finding((Claim.IPTC_AI,), detail={"source": found})
