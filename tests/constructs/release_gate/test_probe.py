"""The probe against a real TLS listener on this machine: who answers, as whom, how often."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runbook_constructs.release_gate.handler import probe
from tests.constructs.release_gate.faults import Fault
from tests.constructs.release_gate.world import Migration, World, lines_of
from tests.operations.passing_time import PassingTime

HOST, VERSION = "passport.example.test", "prod-2"
# The probe asks at the beginning, and after each pause that ends before the deadline.
SECONDS, ASKED = 11, 6
Answer = tuple[int, bytes]


class Listener:
    """A load balancer's test listener: ``answers`` are given in turn, the last one again."""

    def __init__(self, folder: Path, name: str) -> None:
        self.answers: list[Answer] = [(200, body(VERSION))]
        self.asked: list[tuple[str, str]] = []
        self.names: list[str | None] = []
        key, certificate = _certificate(folder, name)
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                listener.asked.append((self.path, self.headers["Host"]))
                status, text = listener.answers[0]
                if len(listener.answers) > 1:
                    listener.answers.pop(0)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Quiet(HTTPServer):
            def handle_error(self, *_: object) -> None:
                """Say nothing of a client that hung up."""

        self.server = Quiet(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.certificate = certificate


def body(version: object) -> bytes:
    return json.dumps({"status": "ok", "version": version}).encode()


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    files = folder / "key.pem", folder / "certificate.pem"
    files[0].write_bytes(
        key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    files[1].write_bytes(certificate.public_bytes(encoding))
    return files


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Listener]]:
    """Return a way to start a listener whose certificate is for a name."""
    servers: list[HTTPServer] = []
    trusted = ssl.create_default_context

    def started(name: str = HOST, *, trust: bool = True) -> Listener:
        listener = Listener(tmp_path, name)
        threading.Thread(target=listener.server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(listener.server)
        monkeypatch.setenv("TEST_PORT", str(listener.port))
        if trust:
            monkeypatch.setattr(
                ssl, "create_default_context", lambda: trusted(cafile=str(listener.certificate))
            )
        return listener

    for key, value in (
        ("BALANCER", "127.0.0.1"),
        ("HOSTNAME_OF_SERVICE", HOST),
        ("HEALTH_PATH", "/health"),
        ("PROBE_SECONDS", str(SECONDS)),
    ):
        monkeypatch.setenv(key, value)
    # However long its questions take, time passes only while it pauses.
    passing = PassingTime()
    seam = SimpleNamespace(monotonic=passing.clock, sleep=passing.sleep)
    monkeypatch.setattr(probe, "time", seam)
    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def event(world: World) -> dict[str, Any]:
    asked = world.begin(world.image(2, VERSION, Migration("0001_first.sql")))
    return asked | {"lifecycleStage": "POST_TEST_TRAFFIC_SHIFT"}


@pytest.mark.clause("ROVN-HLT-1")
def test_the_right_version_three_times_in_a_row_passes(
    start: Callable[..., Listener], event: dict[str, Any]
) -> None:
    listener = start()
    assert probe.handler(event, None)["hookStatus"] == "SUCCEEDED"
    # The name without the port: no listener rule could hold it.
    assert listener.asked == [("/health", HOST)] * 3
    assert set(listener.names) == {HOST}


def test_the_old_version_between_begins_the_count_again(
    start: Callable[..., Listener], event: dict[str, Any]
) -> None:
    listener = start()
    right, old = (200, body(VERSION)), (200, body("prod-1"))
    listener.answers = [right, right, old, right, right, right]
    assert probe.handler(event, None)["hookStatus"] == "SUCCEEDED"
    assert len(listener.asked) == 6


@pytest.mark.clause("ROVN-HLT-1")
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, body("prod-1")), "seen last: 200 prod-1"),
        ((503, body(VERSION)), "seen last: status 503"),
        ((404, b""), "seen last: status 404"),
        ((200, b"ok"), "seen last: 200 without JSON"),
        ((200, b"[]"), "seen last: 200 without a version"),
        ((200, body(None)), "seen last: 200 without a version"),
    ],
)
def test_anything_else_until_the_deadline_holds_and_says_what_was_seen(
    start: Callable[..., Listener],
    event: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    answer: Answer,
    said: str,
) -> None:
    listener = start()
    listener.answers = [answer]
    held = probe.handler(event, None)
    assert len(listener.asked) == ASKED, "it gives up at the deadline, and not before"
    assert held["hookStatus"] == "FAILED"
    assert said in held["hookDetails"]["why"]
    (line,) = lines_of(capsys.readouterr().out)
    assert (line["outcome"], line["why"]) == ("held", held["hookDetails"]["why"])


def test_a_certificate_of_another_name_or_of_nobody_we_trust_holds(
    start: Callable[..., Listener], event: dict[str, Any]
) -> None:
    start("other.example.test")
    held = probe.handler(event, None)
    assert held["hookStatus"] == "FAILED"
    assert "SSLCertVerificationError" in held["hookDetails"]["why"]


def test_an_untrusted_certificate_holds(
    start: Callable[..., Listener], event: dict[str, Any]
) -> None:
    start(trust=False)
    held = probe.handler(event, None)
    assert held["hookStatus"] == "FAILED"
    assert "SSLCertVerificationError" in held["hookDetails"]["why"]


def test_nobody_listening_holds(
    start: Callable[..., Listener], event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("TEST_PORT", str(taken.getsockname()[1]))
    held = probe.handler(event, None)
    assert held["hookStatus"] == "FAILED"
    assert "ConnectionRefusedError" in held["hookDetails"]["why"]


@pytest.mark.parametrize("operation", ["describe_service_revisions", "describe_task_definition"])
@pytest.mark.parametrize("kind", ["aws error", "throttled", "timed out", "lost response"])
def test_when_aws_fails_it_asks_nobody_and_holds(
    start: Callable[..., Listener],
    event: dict[str, Any],
    world: World,
    operation: str,
    kind: str,
) -> None:
    listener = start()
    world.fault = Fault(operation, 1, kind, lasting=True)
    assert probe.handler(event, None)["hookStatus"] == "FAILED"
    assert listener.asked == []
    world.fault = None
    assert probe.handler(event, None)["hookStatus"] == "SUCCEEDED"


def test_a_setting_that_is_missing_holds(
    event: dict[str, Any], start: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    start()
    monkeypatch.delenv("PROBE_SECONDS")
    held = probe.handler(event, None)
    assert held["hookStatus"] == "FAILED"
    assert "the probe itself broke: KeyError" in held["hookDetails"]["why"]
