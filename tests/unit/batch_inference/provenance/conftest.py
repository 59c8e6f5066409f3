"""Signers: one that the deployment trusts, and one that nobody knows."""

from pathlib import Path

import pytest

from tests.unit.batch_inference.provenance.signing import Authority, make_authority


@pytest.fixture(scope="session")
def known() -> Authority:
    """An authority that the tests of ``trusting`` trust."""
    return make_authority("Known Signer")


@pytest.fixture(scope="session")
def stranger() -> Authority:
    """An authority that nobody trusts."""
    return make_authority("Total Stranger")


@pytest.fixture
def _trusting(known: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors = tmp_path / "anchors.pem"
    anchors.write_text(known.anchor)
    monkeypatch.setenv("C2PA_TRUST_ANCHORS", str(anchors))
