"""Certificates of any kind, good ones and bad ones, and the authority that a client trusts."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; ``file`` is its own, which a client has to trust."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    @classmethod
    def made(cls, folder: Path) -> "Authority":
        """Make one, and write its certificate down."""
        made = cls(folder, ec.generate_private_key(ec.SECP256R1()), _named("The test's authority"))
        unsigned = _unsigned(made.key, made.name, -DAY, DAY).issuer_name(made.name)
        unsigned = unsigned.add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        certificate = unsigned.sign(made.key, hashes.SHA256())
        made.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return made

    @property
    def file(self) -> Path:
        """Where its own certificate stands."""
        return self.folder / "authority.pem"

    def serving(
        self,
        name: str = HOST,
        since: timedelta = -DAY,
        until: timedelta = DAY,
        *,
        by_itself: bool = False,
    ) -> ssl.SSLContext:
        """Write a server's certificate, valid between two moments from now, and take it on."""
        key, subject = ec.generate_private_key(ec.SECP256R1()), _named(name)
        signer, issuer = (key, subject) if by_itself else (self.key, self.name)
        unsigned = _unsigned(key, subject, since, until).issuer_name(issuer)
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        certificate = unsigned.add_extension(names, critical=False).sign(signer, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = self.folder / "server.pem"
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _unsigned(
    key: ec.EllipticCurvePrivateKey, subject: x509.Name, since: timedelta, until: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )
