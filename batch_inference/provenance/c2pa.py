"""The C2PA manifest of a file, checked by the C2PA's own library, offline.

https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html
"""

import functools
import importlib
import io
import json
from typing import Any

from PIL import Image

from batch_inference.provenance.apart import do_apart
from batch_inference.provenance.finding import Finding
from batch_inference.provenance.manifest import judge
from batch_inference.provenance.trust import read_anchors
from detector.provenance import Claim

# A manifest store begins with a description box whose type is the UUID 63327061-0011-...; this
# is the box's name and the first four bytes of the type. Specification, "JUMBF".
MARKER = b"jumdc2pa"
_MIMES = {
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
}
# No network: neither a manifest kept elsewhere, nor who revoked what. Identities of people
# (CAWG) are no part of what is told. A megabyte is ample for a compressed manifest, and no bomb.
_SETTINGS = {
    "core": {
        "allowed_network_hosts": [],
        "decode_identity_assertions": False,
        "max_decompressed_manifest_size_in_mb": 1,
    },
    "verify": {
        "ocsp_fetch": False,
        "remote_manifest_fetch": False,
        "verify_timestamp_trust": True,
        "verify_trust": True,
    },
}
_UNCHECKED = "the check of the manifest crashed or took too long"


def read_c2pa(data: bytes, image: Image.Image) -> Finding | None:
    """Return what the manifest says; None for a file that has none."""
    mime = _MIMES.get(image.format or "")
    if mime is None or MARKER not in data:
        return None
    _library()
    answer = do_apart(functools.partial(_check, data, mime))
    if answer is None:
        return Finding(detail={"unchecked": _UNCHECKED})
    found = json.loads(answer)
    if found is None:
        return None
    return Finding(tuple(Claim(code) for code in found[0]), found[1], found[2])


@functools.cache
def _library() -> Any:
    # On the first file that has a manifest: loading it takes 0.1 s and 30 MB of addresses.
    return importlib.import_module("c2pa")


def _check(data: bytes, mime: str) -> bytes:
    finding = check(data, mime, read_anchors())
    return json.dumps(finding and [finding.claims, finding.generator, finding.detail]).encode()


def check(data: bytes, mime: str, anchors: str) -> Finding | None:
    """Check the manifest in this very process.

    Parameters
    ----------
    data, mime
        The file and its type.
    anchors
        Certificates in PEM, of whose signatures the trusted ones descend; none for trust in nobody.

    Raises
    ------
    c2pa.C2paError
        If the anchors are no certificates.
    """
    c2pa = _library()
    # Without any anchor nobody is trusted; an empty text the library takes for a broken one.
    trust = {"trust": {"trust_anchors": anchors}} if anchors.strip() else {}
    # Outside of what is caught: where the anchors are broken, no manifest is to blame.
    context = c2pa.Context.from_dict({**_SETTINGS, **trust})
    try:
        with context, c2pa.Reader(mime, io.BytesIO(data), context=context) as reader:
            return judge(json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        # The marker stood somewhere else, such as in a comment.
        return None
    except c2pa.C2paError as error:
        return Finding((Claim.C2PA_INVALID,), detail={"codes": [str(error)]})
