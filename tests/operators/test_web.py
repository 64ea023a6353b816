"""Sentry and /health that answer as they should not: it is said, and holds up nothing (R5.6)."""

import gzip
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from runbook.model.environment import Environment
from runbook.model.loader import load_environment
from runbook.model.sentry import SentryProject
from runbook.operations.account import Account
from runbook.operators.sentry import Sentry
from runbook.operators.watch_window import WatchWindow
from runbook.operators.web import Answer, Web
from tests.operations.aws import Aws
from tests.operations.passing_time import PassingTime
from tests.operations.revisions import NEW, OLD
from tests.operators.strange_server import (
    ENDLESS_HEAD,
    Respond,
    drips,
    says,
    serving,
    silent,
    wait_for_threads,
    writes,
)

KEY, TOKEN = "passport-api", "canary-sentry-token"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n"
HEALTHY = json.dumps({"version": OLD}).encode()
DEEP = b"[" * 100_000 + b"]" * 100_000
LONG = json.dumps({"version": OLD, "more": "x" * 1_000_000}).encode()
# What comes back, and what is said of it.
STRANGE: dict[str, tuple[Respond, str]] = {
    "401": (says("401 Unauthorized", b"{}"), "401"),
    "429": (says("429 Too Many Requests", b"{}", "Retry-After: 3600"), "429"),
    "500": (says("500 Internal Server Error", b"oh no"), "500"),
    "a redirection": (says("302 Found", b"", "Location: http://127.0.0.1:9/"), "302"),
    "no JSON": (says("200 OK", b"<html>"), "200"),
    "no text": (says("200 OK", b"\xff\xfe\x00"), "200"),
    "JSON without an end of its depth": (says("200 OK", DEEP), "200"),
    "a huge answer": (says("200 OK", LONG), "200"),
    "a packed answer": (says("200 OK", gzip.compress(HEALTHY), "Content-Encoding: gzip"), "200"),
    "another version": (says("200 OK", json.dumps({"version": NEW}).encode()), "200"),
    "a version that is none": (says("200 OK", b'{"version": "\\u001b[31m"}'), "200"),
    "half an answer": (writes(HEAD + b"\r\n{"), "200"),
    "no HTTP": (writes(b"220 smtp.example.com\r\n"), "ProtocolError"),
    "hung up": (writes(b""), "ProtocolError"),
    "silence": (silent, "no whole answer in 0.1 s"),
    "a dripping head": (drips(ENDLESS_HEAD, b"x"), "no whole answer"),
    "a dripping body": (drips(HEAD + b"\r\n", b" "), "no whole answer in 0.1 s"),
}


class Near(Web):
    """Asks a server on this machine, whatever the address."""

    def __init__(self, port: int, scheme: str = "http", patience_seconds: float = 30) -> None:
        super().__init__(patience_seconds=patience_seconds)
        wait_for_threads(self._pool)
        self._at = f"{scheme}://127.0.0.1:{port}"

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        return super().get(f"{self._at}/{url.partition('://')[2].partition('/')[2]}", headers)


@contextmanager
def nobody() -> Iterator[int]:
    """Give a port that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def environment() -> Environment:
    found = load_environment("rovn/production")
    project = SentryProject(organisation="rovn", project="api", token_secret="sentry-token")  # noqa: S106
    service = found.services[KEY].model_copy(update={"sentry": project})
    return found.model_copy(update={"services": {KEY: service}})


@pytest.fixture
def aws(environment: Environment) -> Aws:
    found = Aws(environment)
    found.secrets = {"rovn/production/sentry-token": TOKEN}
    return found


def watched(aws: Aws, web: Web) -> tuple[str, str, list[str]]:
    """Watch for half a minute: what is said of Sentry and of /health, and every change told."""
    account, told = Account(aws.environment, aws.session()), list[str]()
    aws.answer = lambda operation, asked: (  # type: ignore[method-assign]
        {"MetricAlarms": []} if operation == "DescribeAlarms" else Aws.answer(aws, operation, asked)
    )
    window = WatchWindow(account, KEY, web, Sentry(account, KEY, web), PassingTime())
    window.watch(OLD, 0.5, told.append)
    assert not window.healthy
    return window.summary["sentry"], window.summary["health"], told


@pytest.mark.parametrize("strange", STRANGE)
def test_a_strange_answer_is_said_once_and_gives_nothing_away(aws: Aws, strange: str) -> None:
    respond, why = STRANGE[strange]
    patience = 0.1 if "no whole answer" in why else 30
    with serving(respond) as server:
        sentry, health, told = watched(aws, Near(server.port, patience_seconds=patience))
    assert sentry.startswith("cannot be asked: ")
    assert health.startswith("not confirmed: ")
    assert why in sentry
    assert why in health
    assert len(told) == 3, "the beginning, and one line each: nothing changed since"
    assert "\x1b" not in health
    assert TOKEN not in str(told)


def test_a_redirection_takes_the_token_nowhere(aws: Aws) -> None:
    with serving(says("200 OK", b"[]")) as other:
        elsewhere = says("307 Temporary Redirect", b"", f"Location: http://127.0.0.1:{other.port}/")
        with serving(elsewhere) as server:
            watched(aws, Near(server.port))
    assert any(TOKEN in asked for asked in server.asked)
    assert other.asked == []


def test_nobody_there_and_no_tls_are_said(aws: Aws) -> None:
    with nobody() as port:
        sentry, health, told = watched(aws, Near(port))
    assert sentry.startswith("cannot be asked: NewConnectionError: ")
    assert sentry.endswith("Connection refused")
    assert health.startswith("not confirmed: NewConnectionError: ")
    assert len(told) == 3
    with serving(says("200 OK", HEALTHY)) as server:
        sentry, health, _ = watched(aws, Near(server.port, "https"))
    assert "SSLError" in sentry
    assert "SSLError" in health


def test_a_name_that_is_not_found_is_said(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    sentry, health, _ = watched(aws, Near(9))
    assert "NameResolutionError" in sentry
    assert "NameResolutionError" in health


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ({"SecretString": f"{TOKEN}\nmore"}, "its token cannot be used"),
        ({"SecretString": f"{TOKEN}\u2026"}, "its token cannot be used"),
        ({"SecretString": ""}, "its token cannot be used"),
        ({"SecretBinary": TOKEN.encode()}, "its token cannot be used"),
    ],
)
def test_a_secret_that_is_no_token_is_said_and_not_shown(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, secret: object, said: str
) -> None:
    monkeypatch.setattr(Aws, "_get_secret_value", lambda *_: secret)
    with serving(says("200 OK", b"[]")) as server:
        sentry, _, told = watched(aws, Near(server.port))
    assert sentry.startswith(said)
    assert TOKEN not in str(told) + str(server.asked)


def test_the_end_of_a_line_is_no_part_of_a_token(aws: Aws) -> None:
    aws.secrets = {"rovn/production/sentry-token": f"{TOKEN}\n"}
    with serving(says("200 OK", b"[]")) as server:
        sentry, _, _ = watched(aws, Near(server.port))
    assert sentry == "0.0 events a minute, 0.0 before"
    assert any(f"Bearer {TOKEN}\r\n" in asked for asked in server.asked)


def test_a_header_that_cannot_be_sent_is_not_repeated() -> None:
    answer = Web().get("http://127.0.0.1:9/", {"Authorization": f"Bearer {TOKEN}\nx"})
    assert answer == Answer(why="ValueError: the question cannot be sent as it is")
