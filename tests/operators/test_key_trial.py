"""A vendor's key is tried by one call over TLS; whatever comes back, nothing is given away."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from runbook.model.loader import load_environment
from runbook.model.refusal import Refusal
from runbook.model.secrets import Verification
from runbook.operators.key_trial import tried
from runbook.operators.web import Answer, Web
from tests.operators.strange_server import (
    ENDLESS_HEAD,
    Respond,
    drips,
    says,
    silent,
    wait_for_threads,
    writes,
)
from tests.operators.vendor import answering, certificate

HOST = "https://vendor.example.com"
KEY = "canary-of-the-new-key"
# What a server says, and must not be repeated: it may be the key.
WORDS = "words-of-the-server"
BODY = f'{{"you sent": "{KEY}", "say": "{WORDS}"}}'.encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
NEITHER = "it could not be told whether the key works"
ANSWERS: dict[str, tuple[Respond, str]] = {
    "200": (says("200 OK", BODY), ""),
    "204": (says("204 No Content"), ""),
    "a body that drips for ever": (drips(HEAD + b"\r\n", b" "), ""),
    "a huge body": (says("200 OK", b"x" * 2_000_000), ""),
    "401": (says(f"401 {WORDS}", BODY), "the key does not work"),
    "403": (says("403 Forbidden", BODY), "the key does not work"),
    "404": (says("404 Not Found", BODY), NEITHER),
    "429": (says("429 Too Many Requests", BODY, "Retry-After: 3600"), NEITHER),
    "500": (says("500 Internal Server Error", BODY), NEITHER),
    "503": (says("503 Service Unavailable", BODY), NEITHER),
    "a redirection": (says("302 Found", b"", "Location: https://127.0.0.1:9/"), NEITHER),
    "hung up": (writes(b""), NEITHER),
    "no HTTP": (writes(f"220 {WORDS} {KEY}\r\n".encode()), NEITHER),
    "a head that is too long": (writes(HEAD + b"X: " + b"y" * 100_000 + b"\r\n"), NEITHER),
    "silence": (silent, NEITHER),
    "a head that drips for ever": (drips(ENDLESS_HEAD, b"x"), NEITHER),
    "a status that drips": (drips(b"HTTP/1.1 2", b"0"), NEITHER),
}
SLOW = ("silence", "a head that drips for ever", "a status that drips")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("vendor"))


class Near(Web):
    """Asks a server on this machine, whatever the address."""

    def __init__(self, port: int, ca: Path | None, seconds: float = 30) -> None:
        super().__init__(str(ca) if ca else None, patience_seconds=seconds)
        wait_for_threads(self._pool)
        self._at = f"https://127.0.0.1:{port}"

    def status(self, url: str, headers: Mapping[str, str]) -> Answer:
        return super().status(url.replace(HOST, self._at), headers)


def ask(port: int, ca: Path | None, *, seconds: float = 30) -> Refusal | None:
    asked = Verification(url=f"{HOST}/v1/models", scheme="plain", header="x-api-key")
    return tried(asked, KEY, Near(port, ca, seconds))


@pytest.mark.clause("ROVN-SEC-3")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_says_whether_the_key_works(pem: Path, answer: str) -> None:
    respond, said = ANSWERS[answer]
    with answering(pem, respond) as vendor:
        found = ask(vendor.port, pem, seconds=0.3 if answer in SLOW else 30)
        assert vendor.heard.wait(60)
    assert (found.reason if found else "").startswith(said)
    assert (found is None) is (said == "")
    assert not {word for word in (KEY, WORDS) if word in str(found)}
    (request,) = vendor.asked
    assert request.startswith("GET /v1/models HTTP/1.1\r\n")


def test_the_whole_question_has_its_time(pem: Path) -> None:
    with answering(pem, drips(ENDLESS_HEAD, b"x")) as vendor:
        found = ask(vendor.port, pem, seconds=0.3)
    assert found is not None
    assert "no whole answer in 0.3 s" in found.reason
    assert "nothing is written" in found.fix


def test_a_redirection_takes_the_key_nowhere(pem: Path) -> None:
    with answering(pem, says("200 OK", b"")) as other:
        location = f"Location: https://127.0.0.1:{other.port}/"
        with answering(pem, says("307 Temporary Redirect", b"", location)) as vendor:
            found = ask(vendor.port, pem)
    assert found is not None
    assert "answers 307" in found.reason
    assert other.asked == []


@pytest.mark.parametrize("bad", ["of nobody we trust", "of another host", "expired"])
def test_a_certificate_that_is_not_good_gets_no_key(pem: Path, tmp_path: Path, bad: str) -> None:
    theirs = {
        "of nobody we trust": certificate(tmp_path),
        "of another host": certificate(tmp_path, here=False),
        "expired": certificate(tmp_path, days=-1),
    }[bad]
    trusted = pem if bad == "of nobody we trust" else theirs
    with answering(theirs, says("200 OK", b"")) as vendor:
        found = ask(vendor.port, trusted)
    assert found is not None
    assert found.reason.startswith(f"{NEITHER}: {HOST}/v1/models: SSLError")
    assert vendor.asked == []


def test_the_systems_own_authorities_are_trusted_and_no_others(pem: Path) -> None:
    with answering(pem, says("200 OK", b"")) as vendor:
        found = ask(vendor.port, None)
    assert found is not None
    assert "SSLError" in found.reason
    assert vendor.asked == []


@pytest.mark.parametrize(
    ("scheme", "sent"),
    [
        ("plain", KEY),
        ("bearer", f"Bearer {KEY}"),
        ("basic", f"Basic {b64encode(f'{KEY}:'.encode()).decode()}"),
    ],
)
def test_the_key_is_sent_as_the_vendor_wants_it(
    pem: Path, scheme: Literal["plain", "bearer", "basic"], sent: str
) -> None:
    with answering(pem, says("200 OK", b"")) as vendor:
        asked = Verification(
            url=f"{HOST}/v1/models?limit=1",
            scheme=scheme,
            header="X-Key",
            headers={"anthropic-version": "2023-06-01"},
        )
        assert tried(asked, KEY, Near(vendor.port, pem)) is None
    (request,) = vendor.asked
    assert request.startswith("GET /v1/models?limit=1 HTTP/1.1\r\n")
    assert f"X-Key: {sent}\r\n" in request
    assert "anthropic-version: 2023-06-01\r\n" in request


@pytest.mark.clause("ROVN-SEC-3")
def test_each_vendors_key_of_the_files_has_a_call_or_a_reason() -> None:
    for name in ("rovn/production", "rovn/staging"):
        for key, secret in load_environment(name).secrets.items():
            supplied = secret.mechanism == "operator_supplied"
            assert supplied is bool(secret.verification or secret.unverifiable), key
