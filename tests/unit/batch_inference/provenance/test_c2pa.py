"""Manifests made by the real library, through the real check."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import c2pa
import pytest

from batch_inference.provenance.c2pa import check, read_c2pa
from batch_inference.provenance.read import read_provenance
from batch_inference.provenance.trust import read_anchors
from detector.provenance import NONE, Claim
from tests.unit.batch_inference.provenance.images import MIMES, encode, opened
from tests.unit.batch_inference.provenance.signing import Authority, make_authority, sign

EMPTY = "http://c2pa.org/digitalsourcetype/empty"
pytestmark = pytest.mark.usefixtures("_trusting")


def claims_of(data: bytes) -> tuple[Claim, ...]:
    return read_provenance(data, opened(data)).claims


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize(
    ("source", "proven", "unproven"),
    [
        ("trainedAlgorithmicMedia", Claim.C2PA_AI, Claim.C2PA_AI_UNTRUSTED),
        ("compositeWithTrainedAlgorithmicMedia", Claim.C2PA_AI, Claim.C2PA_AI_UNTRUSTED),
        ("digitalCapture", Claim.C2PA_CAMERA, Claim.C2PA_UNTRUSTED),
        ("computationalCapture", Claim.C2PA_CAMERA, Claim.C2PA_UNTRUSTED),
        (EMPTY, Claim.C2PA, Claim.C2PA_UNTRUSTED),
        ("algorithmicMedia", Claim.C2PA, Claim.C2PA_UNTRUSTED),
    ],
)
def test_a_manifest_says_how_an_image_was_made(
    kind: str, source: str, proven: Claim, unproven: Claim, known: Authority, stranger: Authority
) -> None:
    data = encode(kind)

    assert claims_of(sign(data, MIMES[kind], known, source)) == (proven,)
    assert claims_of(sign(data, MIMES[kind], stranger, source)) == (unproven,)


@pytest.mark.parametrize("kind", MIMES)
def test_a_manifest_of_other_pixels_is_invalid(kind: str, known: Authority) -> None:
    signed = sign(encode(kind), MIMES[kind], known, "digitalCapture")
    changed = bytearray(signed)
    # Behind the manifest in JPEG, PNG, GIF and AVIF; before it in WebP and TIFF.
    place = len(changed) - 200 if kind in {"JPEG", "PNG", "GIF", "AVIF"} else 2000
    changed[place] ^= 1

    # The claim is the manifest's, whether or not the pixels can still be decoded.
    finding = check(bytes(changed), MIMES[kind], known.anchor)

    assert finding is not None
    assert finding.claims == (Claim.C2PA_INVALID,)


def test_a_manifest_moved_to_another_image_is_invalid(known: Authority) -> None:
    signed = sign(encode("PNG"), "image/png", known, "digitalCapture")
    place = signed.index(b"caBX") - 4
    chunk = signed[place : place + 12 + int.from_bytes(signed[place : place + 4], "big")]
    other = encode("PNG", compress_level=1)
    # Behind the header chunk.
    moved = other[:33] + chunk + other[33:]

    found = read_provenance(moved, opened(moved))

    assert found.claims == (Claim.C2PA_INVALID,)
    assert "assertion.dataHash.mismatch" in str(found.detail)


def test_a_damaged_manifest_is_invalid_and_a_marker_alone_is_nothing(known: Authority) -> None:
    signed = bytearray(sign(encode("JPEG"), "image/jpeg", known, "digitalCapture"))
    signed[signed.index(b"jumdc2pa") + 200] ^= 0xFF
    comment = encode("JPEG", comment=b"this is jumdc2pa, and nothing else")

    assert claims_of(bytes(signed)) == (Claim.C2PA_INVALID,)
    assert read_provenance(comment, opened(comment)) == NONE


def test_the_detail_names_signer_program_and_source(known: Authority) -> None:
    signed = sign(encode("PNG"), "image/png", known, "trainedAlgorithmicMedia", "Image\x07 Maker")

    found = read_provenance(signed, opened(signed))

    assert found.generator == "Image Maker 1.0"
    assert json.loads(str(found.detail)) == {
        "c2pa": {
            "signer": "Known Signer, Provenance Tests",
            "program": "Image Maker 1.0",
            "source": "trainedAlgorithmicMedia",
        }
    }


def test_a_signature_that_has_expired_proves_nothing() -> None:
    # The library refuses to sign with a certificate that has already expired.
    brief = make_authority("Past Signer", until=timedelta(seconds=3))
    signed = sign(encode("PNG"), "image/png", brief, "trainedAlgorithmicMedia")
    time.sleep(4)

    finding = check(signed, "image/png", brief.anchor)

    assert finding is not None
    assert finding.claims == (Claim.C2PA_AI_UNTRUSTED,)
    assert "signingCredential.expired" in finding.detail["codes"]


def test_what_an_image_was_made_from_counts(known: Authority) -> None:
    made = sign(encode("PNG"), "image/png", known, "trainedAlgorithmicMedia", "Dream Maker")
    edited = sign(encode("PNG"), "image/png", known, parent=made)
    photo = sign(encode("PNG"), "image/png", known, "digitalCapture")
    retouched = sign(encode("PNG"), "image/png", known, parent=photo)

    found = read_provenance(edited, opened(edited))

    assert found.claims == (Claim.C2PA_AI,)
    # An editor may have changed everything, so it is no longer the camera's image.
    assert claims_of(retouched) == (Claim.C2PA,)


def test_a_trusted_signer_does_not_vouch_for_an_ingredient(
    known: Authority, stranger: Authority
) -> None:
    made = sign(encode("PNG"), "image/png", stranger, "trainedAlgorithmicMedia")

    edited = sign(encode("PNG"), "image/png", known, parent=made)

    assert claims_of(edited) == (Claim.C2PA, Claim.C2PA_AI_UNTRUSTED)


def test_the_shipped_anchors_alone_trust_no_test_signer(
    known: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign(encode("PNG"), "image/png", known, "trainedAlgorithmicMedia")
    monkeypatch.delenv("C2PA_TRUST_ANCHORS")

    assert read_anchors().count("BEGIN CERTIFICATE") > 50
    assert claims_of(signed) == (Claim.C2PA_AI_UNTRUSTED,)


def test_without_anchors_nobody_is_trusted_and_broken_ones_are_not_the_manifests_fault(
    known: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign(encode("PNG"), "image/png", known, "trainedAlgorithmicMedia")
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("C2PA_TRUST_ANCHORS", str(broken))

    finding = check(signed, "image/png", "")

    assert finding is not None
    assert finding.claims == (Claim.C2PA_AI_UNTRUSTED,)
    assert claims_of(signed) == (Claim.C2PA_AI_UNTRUSTED,)
    with pytest.raises(c2pa.C2paError):
        check(signed, "image/png", "no certificate")


def test_a_crash_of_the_check_is_no_claim(
    known: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = sign(encode("PNG"), "image/png", known, "trainedAlgorithmicMedia")
    # An anchor file that is not there fails in the process that checks.
    monkeypatch.setenv("C2PA_TRUST_ANCHORS", "/nowhere/anchors.pem")

    finding = read_c2pa(signed, opened(signed))

    assert finding is not None
    assert finding.claims == ()
    assert list(finding.detail) == ["unchecked"]


def test_the_library_is_loaded_only_for_a_file_with_a_manifest(known: Authority) -> None:
    plain, signed = encode("PNG"), sign(encode("PNG"), "image/png", known, "digitalCapture")
    program = """
import io, sys
from PIL import Image
from batch_inference.provenance.read import read_provenance
for data in (bytes.fromhex(line) for line in sys.stdin):
    read_provenance(data, Image.open(io.BytesIO(data)))
    print("c2pa" in sys.modules)
"""

    done = subprocess.run(
        [sys.executable, "-c", program],
        input=f"{plain.hex()}\n{signed.hex()}\n",
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["False", "True"]
