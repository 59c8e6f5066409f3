"""examples/webhook: the function against a real TLS server, the rule on moto, the template.

moto plays Secrets Manager and EventBridge; that Lambda is invoked by the rule only AWS shows.
"""

import hashlib
import hmac
import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto import mock_aws
from moto.events.models import EventPattern

from examples.webhook import app
from tests.unit.docs.command_line import CHECKOUT
from tests.unit.docs.test_events import an_event
from tests.unit.template.document import _Loader

FOLDER = CHECKOUT / "examples" / "webhook"
EVENT = an_event("ScoringCompleted")


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it was sent, and answers as the path says."""

    got: ClassVar[list[tuple[bytes, str | None]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((body, self.headers["X-Aidetect-Signature"]))
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "https://127.0.0.1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, private


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An HTTPS server whose certificate this process trusts, and the function's surroundings."""
    pem, private = certificate(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    app._secret.cache_clear()
    Receiver.got.clear()
    with mock_aws():
        made = boto3.client("secretsmanager").create_secret(Name="s", SecretString="shared")
        monkeypatch.setenv("SECRET_ARN", made["ARN"])
        yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_event_arrives_signed(receiver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_URL", f"{receiver}/204")
    assert app.handler(EVENT, None) == {"status": 204}
    ((body, signed),) = Receiver.got
    assert signed == "sha256=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    assert json.loads(body)["detail"] == EVENT["detail"]


@pytest.mark.parametrize("answer", ["500", "302", "404"])
def test_what_is_not_taken_fails(
    receiver: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_URL", f"{receiver}/{answer}")
    with pytest.raises(app.DeliveryError, match=answer):
        app.handler(EVENT, None)
    assert len(Receiver.got) == 1


def test_nothing_goes_where_it_could_be_read_or_faked(
    receiver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_URL", receiver.replace("https", "http") + "/204")
    with pytest.raises(app.DeliveryError, match="https://"):
        app.handler(EVENT, None)
    monkeypatch.setenv("WEBHOOK_URL", f"{receiver}/204")
    monkeypatch.delenv("SSL_CERT_FILE")  # a certificate nobody vouches for
    with pytest.raises(app.DeliveryError, match="was not taken"):
        app.handler(EVENT, None)
    assert Receiver.got == []


def pattern() -> dict[str, Any]:
    text = (FOLDER / "template.yaml").read_text()
    template: Any = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    found: dict[str, Any] = template["Resources"]["Webhook"]["Properties"]["Events"]["Ended"]
    return found["Properties"]["Pattern"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("event", "matches"),
    [
        (EVENT, True),
        (an_event("TrainingCompleted"), True),
        (EVENT | {"source": "aws.s3"}, False),
        (EVENT | {"detail-type": "Other"}, False),
    ],
)
def test_the_rule_matches_ours_and_no_others(event: dict[str, Any], matches: bool) -> None:
    assert EventPattern.load(json.dumps(pattern())).matches_event(event) is matches


def test_the_template_is_sound() -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [linter, FOLDER / "template.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
