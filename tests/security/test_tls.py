"""A server that cannot show who it is hears nothing: no token, no order, no message."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.security.asker import LINES

USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
SIGNS = {"digital_signature", "key_cert_sign"}
MODULE = "from tests.security.asker import main\nmain()\n"


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A TLS server whose certificate nobody has signed but itself, and what it has heard."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.requestline)

        do_POST = do_PUT = do_GET  # noqa: N815 - names that the base class calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Those who hang up at the certificate are what is hoped for."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path_factory.mktemp("certificate")))
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}", heard
    server.shutdown()
    server.server_close()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)  # noqa: TID251 - TLS goes by the machine's clock
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        # What the strict checks of newer Pythons ask of who signs, which is itself.
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.KeyUsage(*[name in SIGNS for name in USES]), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*plain))
    return certificate, secret


@pytest.mark.parametrize("line", LINES)
def test_a_server_without_a_certificate_of_its_name_hears_nothing(
    line: str,
    stranger: tuple[str, list[str]],
    runs: Any,
    asking: dict[str, str],
    leaks: Callable[..., list[str]],
) -> None:
    endpoint, heard = stranger
    ran = runs(MODULE, asking, line, endpoint)
    assert '"ended": "well"' not in ran.stdout
    assert "LookupError" not in ran.stdout
    assert heard == []
    assert leaks(ran.stdout + ran.stderr) == []


def test_the_same_server_is_heard_by_who_trusts_it(
    stranger: tuple[str, list[str]], tmp_path: Path, runs: Any, asking: dict[str, str]
) -> None:
    """So it is the certificate that is refused, and nothing else that fails."""
    endpoint, heard = stranger
    host, _, port = endpoint.removeprefix("https://").partition(":")
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(ssl.get_server_certificate((host, int(port))))
    runs(MODULE, {**asking, "REQUESTS_CA_BUNDLE": str(bundle)}, "a record", endpoint)
    assert {line.split(" ")[0] for line in heard} == {"PUT", "GET"}
    heard.clear()
