"""Files with real C2PA manifests: signed by the real library with certificates made here."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# What a certificate that signs claims may be used for.
# https://spec.c2pa.org/specifications/specifications/2.2/specs/C2PA_Specification.html
CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Provenance Tests"),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Authority:
    """A certificate authority, and one signer that it vouches for."""

    anchor: str
    chain: bytes
    key: bytes


def make_authority(signer: str, until: timedelta = timedelta(days=1)) -> Authority:
    """Return a fresh authority and a signer of the given common name.

    The signer's certificate is good from a few hours ago ``until`` so long from now, the
    authority's for a day.
    """
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    root, leaf = _name("Test Root"), _name(signer)

    def start(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, good: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=3))
            .not_valid_after(now + good)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
        )

    ca = (
        start(root, ca_key.public_key(), timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        start(leaf, key.public_key(), until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    return Authority(
        anchor=ca.public_bytes(Encoding.PEM).decode(),
        chain=certificate.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def sign(
    data: bytes,
    mime: str,
    authority: Authority,
    source: str | None = None,
    generator: str = "Maker of Images",
    parent: bytes | None = None,
) -> bytes:
    """Return the file with a manifest.

    Parameters
    ----------
    data, mime
        The image file and its type.
    authority
        Who signs.
    source
        The digital source type that the manifest states of its creation, a full URI or the last
        part of IPTC's; None for a manifest without it.
    generator
        The name of the program that made the manifest.
    parent
        A file of the same type that the image was made from, kept as an ingredient.
    """
    actions: list[dict[str, Any]] = []
    if source is not None:
        uri = source if "://" in source else IPTC + source
        actions.append({"action": "c2pa.created", "digitalSourceType": uri})
    assertions = [{"label": "c2pa.actions", "data": {"actions": actions}}] if actions else []
    definition = {
        "claim_generator_info": [{"name": generator, "version": "1.0"}],
        "title": "test",
        "assertions": assertions,
    }
    settings = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_after_sign": False, "verify_trust": False},
    }
    info = c2pa.C2paSignerInfo(c2pa.C2paSigningAlg.ES256, authority.chain, authority.key, None)
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(definition, context) as builder,
    ):
        if parent is not None:
            builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
            # The library adds the action that opened it.
            stated = {"title": "parent", "relationship": "parentOf"}
            builder.add_ingredient(stated, mime, io.BytesIO(parent))
        made = io.BytesIO()
        builder.sign(signer, mime, io.BytesIO(data), made)
        return made.getvalue()
