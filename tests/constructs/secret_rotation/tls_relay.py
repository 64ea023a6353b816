"""TLS in front of a PostgreSQL that was built without it, as RDS has it in front of ours."""

import contextlib
import datetime as dt
import selectors
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

# The first message of a client that wants TLS; the server answers with one letter.
_ASKS_FOR_TLS = (8).to_bytes(4) + (80877103).to_bytes(4)


def certificates(folder: Path, host: str) -> tuple[Path, Path]:
    """Make an authority and a certificate for ``host``: the authority's file, the server's."""
    now = dt.datetime.now(dt.UTC)
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("Authority of the tests")

    def certificate(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )

    root = certificate(issuer, authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    leaf = certificate(_name(host), server).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
    )
    roots, own = folder / "authorities.pem", folder / "server.pem"
    encoding = serialization.Encoding.PEM
    roots.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(encoding))
    own.write_bytes(
        server.private_bytes(
            encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + leaf.sign(authority, hashes.SHA256()).public_bytes(encoding)
    )
    return roots, own


@contextmanager
def relay(certificate: Path, to: str) -> Iterator[int]:
    """Take TLS on a port of loopback, and hand on to the socket ``to``; gives the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=_serve, args=(client, context, to), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _serve(client: socket.socket, context: ssl.SSLContext, to: str) -> None:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(OSError), client:
        if client.recv(8, socket.MSG_WAITALL) != _ASKS_FOR_TLS:
            return  # As rds.force_ssl: nobody is served without.
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as outside,
            socket.socket(socket.AF_UNIX) as inside,
        ):
            inside.connect(to)
            _pump(outside, inside)


def _pump(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    with selectors.DefaultSelector() as selector:
        selector.register(outside, selectors.EVENT_READ, inside)
        selector.register(inside, selectors.EVENT_READ, outside)
        while True:
            for key, _ in selector.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    data += source.recv(source.pending())
                if not data:
                    return
                target.sendall(data)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
