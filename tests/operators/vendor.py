"""A vendor on this machine: HTTPS with a certificate of an authority made for the test."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.operators.strange_server import Respond, StrangeServer

_HERE = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
_ELSEWHERE = x509.SubjectAlternativeName([x509.DNSName("elsewhere.example.com")])


def certificate(folder: Path, *, days: int = 1, here: bool = True) -> Path:
    """Write a self-signed certificate with its key; ``days`` below nought: it has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(_HERE if here else _ELSEWHERE, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"vendor-{days}-{here}.pem"
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@contextmanager
def answering(pem: Path, respond: Respond) -> Iterator[StrangeServer]:
    """Answer each connection over TLS with ``respond``."""
    context, over = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), threading.Event()
    context.load_cert_chain(pem)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = StrangeServer(listening.getsockname()[1])

        def serve() -> None:
            while not over.is_set():
                connection, _ = listening.accept()
                # Whoever does not trust the certificate hangs up here.
                with suppress(OSError), context.wrap_socket(connection, server_side=True) as inner:
                    server.hear(inner)
                    respond(inner, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        over.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port)).close()
        thread.join()
