"""The shipped trust lists are what their notice says."""

import hashlib
import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509

from batch_inference.provenance.trust import FOLDER, read_anchors


def test_the_lists_are_byte_for_byte_those_of_the_notice() -> None:
    notice = (FOLDER / "NOTICE.md").read_text("utf-8")
    stated = dict(re.findall(r"\| `([\w.-]+\.pem)`.*`([0-9a-f]{64})` \|", notice))

    assert stated == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.pem")
    }


def test_every_anchor_is_an_authority_and_some_are_known_makers() -> None:
    found = x509.load_pem_x509_certificates(read_anchors().encode())

    for certificate in found:
        limits = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert limits.ca
        assert certificate.not_valid_before_utc < datetime(2026, 9, 24, tzinfo=UTC)
    names = " ".join(certificate.subject.rfc4514_string() for certificate in found)
    assert all(maker in names for maker in ("Google", "Adobe", "DigiCert", "SSL.com"))


def test_a_deployment_adds_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a.pem", tmp_path / "b.pem"]
    for path in paths:
        path.write_text(path.stem * 10)

    monkeypatch.setenv("C2PA_TRUST_ANCHORS", os.pathsep.join(map(str, paths)))

    assert read_anchors().endswith("aaaaaaaaaa\nbbbbbbbbbb")
