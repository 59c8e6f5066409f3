"""Everything a file says of its own origin, from its bytes and its open image."""

from collections.abc import Callable
from typing import TypeVar

from PIL import Image

from batch_inference.provenance.c2pa import read_c2pa
from batch_inference.provenance.fields import Field, read_fields
from batch_inference.provenance.finding import Finding
from batch_inference.provenance.iptc import read_iptc
from batch_inference.provenance.tags import read_tags
from batch_inference.provenance.text import clean, dump
from batch_inference.provenance.watermark import read_watermark
from batch_inference.provenance.xmp import read_xmp
from detector.provenance import MAX_GENERATOR, NONE, Claim, Provenance

T = TypeVar("T")

# What the detail has each reader's findings under.
C2PA, IPTC, WATERMARK, TAG = "c2pa", "iptc", "watermark", "tag"
_ORDER = {claim: number for number, claim in enumerate(Claim)}


def read_provenance(data: bytes, image: Image.Image) -> Provenance:
    """Return what a file claims; whatever is wrong with its metadata, it never raises.

    Parameters
    ----------
    data
        The file.
    image
        The same file, opened; it may or may not have been unpacked. Text that stands behind the
        pixels of a PNG is known only once it has been.
    """
    packet = _attempt(lambda: read_xmp(data, image)) or ""
    fields: list[Field] = []
    # Those that come before a damaged one stay.
    _attempt(lambda: fields.extend(read_fields(image)))
    findings = {
        C2PA: _attempt(lambda: read_c2pa(data, image)),
        IPTC: _attempt(lambda: read_iptc(packet)),
        WATERMARK: _attempt(lambda: read_watermark(data, image)),
        TAG: _attempt(lambda: read_tags(fields, packet)),
    }
    return _join({reader: found for reader, found in findings.items() if found})


def _attempt(read: Callable[[], T]) -> T | None:
    """Return what a reader returns, or None when hostile metadata makes it raise anything."""
    try:
        return read()
    except Exception:  # noqa: BLE001 -- what a file does to a reader must not cost its verdict
        return None


def _join(findings: dict[str, Finding]) -> Provenance:
    if not findings:
        return NONE
    claims = {claim for found in findings.values() for claim in found.claims}
    named = [found for found in findings.values() if found.generator]
    # The strongest claim's word for it.
    named.sort(key=lambda found: min(map(_ORDER.__getitem__, found.claims)))
    return Provenance(
        claims=tuple(sorted(claims, key=_ORDER.__getitem__)),
        generator=clean(named[0].generator or "", MAX_GENERATOR) or None if named else None,
        detail=dump({reader: found.detail for reader, found in findings.items()}),
    )
