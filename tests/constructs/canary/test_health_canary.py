"""The canary against servers on this machine, good ones, bad ones and strange ones (ROVN-HLT-3)."""

import json
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from runbook_constructs.canary.handler.python import health_canary
from runbook_constructs.canary.handler.python.health_canary import (
    LONGEST_BODY,
    Answer,
    CanaryError,
    ProbeError,
    Target,
    asked,
    run,
    target_of,
)
from tests.constructs.canary.certificates import DAY, HOST, Authority
from tests.operators.strange_server import Respond, drips, says, serving, silent, writes

VERSION = "prod-20261122103000"
# What a server must not be able to write into a log, wherever it puts it.
PRIVATE = "Jane-Doe-078-05-1120"
# What is to answer has time to do so on any machine.
SLOWEST = 60
TARGET = Target(HOST, "/health", SLOWEST, probes=2, spacing_seconds=30, name="rovn-production-x")
VARIABLES = {
    "CANARY_NAME": "rovn-production-x",
    "HEALTH_PATH": "/health",
    "HOSTNAME_OF_SERVICE": HOST,
    "PROBES": "2",
    "SLOW_MS": str(SLOWEST * 1000),
    "SPACING_SECONDS": "30",
}
SLOW = 0.4
LATE = f"no whole answer within {SLOW * 1000:.0f} ms"


def body(**more: object) -> bytes:
    return json.dumps({"status": "ok", "version": VERSION, "database": "up"} | more).encode()


def chunked(text: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text


GOOD = says("200 OK", body())
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
NO_VERSION = "the status is 200, but the body's version is missing or no version"
# What comes back, and what is said of it.
BAD: dict[str, tuple[Respond, str]] = {
    "503": (says(f"503 {PRIVATE}", PRIVATE.encode()), "the status is 503, not 200"),
    "500": (says("500 Internal Server Error", body()), "the status is 500, not 200"),
    "404": (says("404 Not Found"), "the status is 404, not 200"),
    "429": (says("429 Too Many Requests", b"", "Retry-After: 1"), "the status is 429, not 200"),
    "201": (says("201 Created", body()), "the status is 201, not 200"),
    "204": (says("204 No Content"), "the status is 204, not 200"),
    "a redirection": (
        says("302 Found", b"", f"Location: https://{HOST}/health?{PRIVATE}"),
        "the status is 302, not 200",
    ),
    "a lasting redirection": (
        says("308 Permanent Redirect", body(), "Location: /health/"),
        "the status is 308, not 200",
    ),
    "no JSON": (says("200 OK", PRIVATE.encode()), "the status is 200, but the body is no JSON"),
    "no text": (says("200 OK", b"\xff\xfe\x00"), "the status is 200, but the body is no JSON"),
    "no end of depth": (
        says("200 OK", b"[" * 30_000 + b"]" * 30_000),
        "the status is 200, but the body is no JSON",
    ),
    "nothing": (says("200 OK"), "the status is 200, but the body is no JSON"),
    "a list": (says("200 OK", b"[]"), "the status is 200, but the body is no JSON object"),
    "ill": (
        says("200 OK", body(status=PRIVATE)),
        "the status is 200, but the body's status is not ok",
    ),
    "no version": (says("200 OK", b'{"status": "ok"}'), NO_VERSION),
    "an empty version": (says("200 OK", body(version="")), NO_VERSION),
    "a number for a version": (says("200 OK", body(version=7)), NO_VERSION),
    "a version that is none": (says("200 OK", body(version=f"v1 {PRIVATE}\x1b[31m")), NO_VERSION),
    "a version too long": (says("200 OK", body(version="v" * 129)), NO_VERSION),
    "a huge body": (
        says("200 OK", body(more="x" * LONGEST_BODY)),
        f"the body is longer than {LONGEST_BODY} bytes",
    ),
    "half a body": (
        writes(HEAD + b"\r\n{"),
        "the connection was closed in the middle of the body",
    ),
    "half of the chunks": (
        writes(chunked(b"5\r\n{")),
        "the request failed: IncompleteRead",
    ),
    "half a head": (writes(b"HTTP/1.1 20"), "the request failed: BadStatusLine"),
    "another protocol": (
        writes(f"220 {PRIVATE}\r\n".encode()),
        "the request failed: BadStatusLine",
    ),
    "a head without end": (
        writes(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n"),
        "the request failed: LineTooLong",
    ),
    "hung up": (writes(b""), "the request failed: RemoteDisconnected"),
}
# What never ends, and so is late.
ENDLESS: dict[str, Respond] = {
    "silence": silent,
    "a dripping head": drips(b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n"),
    "a dripping body": drips(HEAD + b"\r\n", b" "),
    "dripping chunks": drips(chunked(b""), b"1\r\n \r\n"),
    "an endless body": lambda talk, over: stream(talk, over.is_set),
}
CERTIFICATES = {
    "signed by itself": ({"by_itself": True}, "its certificate is not good: self-signed"),
    "of another host": (
        {"name": "other.example.test"},
        "its certificate is not good: Hostname mismatch, certificate is not valid for 'localhost'",
    ),
    "expired": (
        {"since": -2 * DAY, "until": -DAY},
        "its certificate is not good: certificate has expired",
    ),
    "of tomorrow": (
        {"since": DAY, "until": 2 * DAY},
        "its certificate is not good: certificate is not yet valid",
    ),
}


def stream(talk: socket.socket, over: Callable[[], bool]) -> None:
    talk.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 99999999999\r\nX: y")
    while not over():
        talk.sendall(b"x")
        time.sleep(0.01)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust the test's authority as the operating system's are, and nobody else."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(authority.folder / "none"))


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda port: monkeypatch.setattr(health_canary, "HTTPS_PORT", port)


@pytest.fixture(scope="module")
def good_certificate(authority: Authority) -> ssl.SSLContext:
    return authority.serving()


@dataclass
class Clock:
    """Time that passes when somebody sleeps, and in each probe as long as it takes."""

    now: float = 1000.0
    takes: float = 0.0
    asked_at: list[float] = field(default_factory=list)
    answers: Iterator[str | None] = field(default_factory=lambda: iter(()))

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds

    def ask(self, target: Target) -> Answer:
        self.asked_at.append(self.now - 1000)
        self.now += self.takes
        if (why := next(self.answers, None)) is not None:
            raise ProbeError(why)
        return Answer(VERSION, self.takes)

    def run(self, target: Target = TARGET) -> str:
        return run(target, ask=self.ask, clock=lambda: self.now, sleep=self.sleep)


@pytest.mark.clause("ROVN-HLT-3")
def test_a_healthy_service(at: Callable[[int], None], good_certificate: ssl.SSLContext) -> None:
    with serving(GOOD, good_certificate) as server:
        at(server.port)
        answer = asked(TARGET)
    assert answer.version == VERSION
    assert 0 < answer.seconds < TARGET.slow_seconds
    [request] = server.asked
    assert request.startswith("GET /health HTTP/1.1\r\n")
    assert "\r\nUser-Agent: canary/rovn-production-x\r\n" in request
    assert "authorization" not in request.lower()


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_is_told_without_a_word_of_it(
    case: str, at: Callable[[int], None], good_certificate: ssl.SSLContext
) -> None:
    respond, told = BAD[case]
    with serving(respond, good_certificate) as server:
        at(server.port)
        with pytest.raises(ProbeError) as caught:
            asked(TARGET)
    assert str(caught.value) == told
    assert len(server.asked) == 1


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize("case", ENDLESS)
def test_what_does_not_end_is_not_waited_for(
    case: str, at: Callable[[int], None], good_certificate: ssl.SSLContext
) -> None:
    with serving(ENDLESS[case], good_certificate) as server:
        at(server.port)
        begun = time.monotonic()
        with pytest.raises(ProbeError, match=f"^{LATE}$"):
            asked(replace(TARGET, slow_seconds=SLOW))
    assert time.monotonic() - begun < 4 * SLOW


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize("kind", CERTIFICATES)
def test_a_bad_certificate(kind: str, at: Callable[[int], None], authority: Authority) -> None:
    given, told = CERTIFICATES[kind]
    with serving(GOOD, authority.serving(**given)) as server:  # type: ignore[arg-type]
        at(server.port)
        with pytest.raises(ProbeError) as caught:
            asked(TARGET)
    assert str(caught.value).startswith(told)
    assert not server.asked


def test_a_server_without_tls(at: Callable[[int], None]) -> None:
    with serving(GOOD) as server:
        at(server.port)
        with pytest.raises(ProbeError, match=r"^the request failed: SSLError"):
            asked(TARGET)


def test_nobody_listens(at: Callable[[int], None]) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    at(port)
    with pytest.raises(ProbeError) as caught:
        asked(TARGET)
    assert str(caught.value) == "the request failed: ConnectionRefusedError (Connection refused)"


@pytest.mark.parametrize("path", ["/he alth", "/\x00", "/h\u00e9"])
def test_a_path_that_no_request_can_have(
    path: str, at: Callable[[int], None], good_certificate: ssl.SSLContext
) -> None:
    with serving(GOOD, good_certificate) as server:
        at(server.port)
        with pytest.raises(ProbeError, match=r"^the request failed: (InvalidURL|Unicode)"):
            asked(replace(TARGET, path=path))
    assert not any(server.asked)


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(ProbeError, match=r"^the request failed: |^no whole answer"):
        asked(replace(TARGET, hostname="nobody.invalid", slow_seconds=SLOW))


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize("takes", [0.0, 0.2, 9.9, 29.9])
def test_the_second_probe_starts_thirty_seconds_after_the_first(takes: float) -> None:
    clock = Clock(takes=takes)
    assert clock.run() == (
        f"https://localhost/health is well. probe 1 of 2: {VERSION} in {takes * 1000:.0f} ms; "
        f"probe 2 of 2: {VERSION} in {takes * 1000:.0f} ms"
    )
    assert clock.asked_at == pytest.approx([0, 30])


@pytest.mark.clause("ROVN-HLT-3")
@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (["bad", None], f"probe 1 of 2: bad; probe 2 of 2: {VERSION} in 0 ms"),
        ([None, "bad"], f"probe 2 of 2: bad; probe 1 of 2: {VERSION} in 0 ms"),
        (["bad", "worse"], "probe 1 of 2: bad; probe 2 of 2: worse"),
    ],
)
def test_one_bad_probe_fails_the_run_and_both_are_made(
    answers: list[str | None], told: str
) -> None:
    clock = Clock(answers=iter(answers))
    with pytest.raises(CanaryError) as caught:
        clock.run()
    assert str(caught.value) == f"https://localhost/health failed. {told}"
    assert clock.asked_at == [0, 30]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass between probes, and tell how much would have."""
    slept: list[float] = []
    still = {"clock": lambda: 1000.0, "sleep": slept.append}
    defaults = dict(health_canary.run.__kwdefaults__ or {}, **still)
    monkeypatch.setattr(health_canary.run, "__kwdefaults__", defaults)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return slept


@pytest.mark.clause("ROVN-HLT-3")
def test_the_entry_of_synthetics(
    at: Callable[[int], None],
    good_certificate: ssl.SSLContext,
    at_once: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    common = ModuleType("aws_synthetics.common")
    common.synthetics_logger = SimpleNamespace(info=said.append)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aws_synthetics", ModuleType("aws_synthetics"))
    monkeypatch.setitem(sys.modules, "aws_synthetics.common", common)
    with serving(GOOD, good_certificate) as server:
        at(server.port)
        seen = health_canary.handler({}, None)
    assert said == [seen]
    assert seen.startswith("https://localhost/health is well. probe 1 of 2: prod-2026")
    assert [request.splitlines()[0] for request in server.asked] == ["GET /health HTTP/1.1"] * 2
    assert at_once == [0, 30]


def test_a_run_that_failed_is_raised_elsewhere_too(
    at: Callable[[int], None], good_certificate: ssl.SSLContext, at_once: list[float]
) -> None:
    with serving(BAD["503"][0], good_certificate) as server:
        at(server.port)
        with pytest.raises(CanaryError) as caught:
            health_canary.handler({}, None)
    assert str(caught.value) == (
        "https://localhost/health failed. probe 1 of 2: the status is 503, not 200; "
        "probe 2 of 2: the status is 503, not 200"
    )


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_variable_that_is_missing(missing: str) -> None:
    given = {name: value for name, value in VARIABLES.items() if name != missing}
    with pytest.raises(CanaryError, match=f"^the canary has no variable {missing}$"):
        target_of(given)


def test_a_variable_that_is_no_number() -> None:
    with pytest.raises(CanaryError, match=r"no whole number: .*'soon'"):
        target_of(VARIABLES | {"SLOW_MS": "soon"})


def test_it_needs_nothing_but_the_standard_library() -> None:
    source = Path(health_canary.__file__).read_text("utf-8")
    imported = {
        line.split()[1].partition(".")[0]
        for line in map(str.strip, source.splitlines())
        if line.startswith(("import ", "from "))
    }
    assert imported - sys.stdlib_module_names == {"aws_synthetics"}


@pytest.mark.clause("ROVN-HLT-3")
def test_no_bad_answer_is_told_in_its_own_words(record_cases: list[str]) -> None:
    """What each case above has to be told as; the servers' own words are in none of it."""
    told = [what for _, what in (*BAD.values(), *CERTIFICATES.values())] + [LATE]
    assert not any(PRIVATE in what or "\x1b" in what for what in told)
    record_cases.append(
        f"canary: {len(BAD) + len(ENDLESS) + len(CERTIFICATES) + 6} bad ways to answer tried: "
        f"{len(BAD)} answers, {len(ENDLESS)} without end, {len(CERTIFICATES)} certificates, "
        "no TLS, nobody there, no such name, no such path (3)"
    )
