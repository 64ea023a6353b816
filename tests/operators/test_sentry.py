"""Sentry's error rate, asked of a server on this machine (ROVN-PLB-1..6: it never blocks)."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from runbook.model.loader import load_environment
from runbook.model.sentry import SentryProject
from runbook.operations.account import Account, WriteOutsideProtocolError
from runbook.operators.sentry import Sentry
from runbook.operators.web import Web
from tests.operations.aws import Aws

TOKEN = "canary-sentry-token"  # noqa: S105
NOW = 1_000_000.0


class Server(HTTPServer):
    """Answers with ``status`` and ``body``; keeps what it was asked."""

    status = 200
    body: Any = ()
    asked: list[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["Authorization"]))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as found:
        found.asked = []
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def aws() -> Aws:
    environment = load_environment("rovn/production")
    service = environment.services["passport-api"]
    project = SentryProject(organisation="rovn", project="api", token_secret="sentry-token")  # noqa: S106
    services = {"passport-api": service.model_copy(update={"sentry": project})}
    found = Aws(environment.model_copy(update={"services": services}))
    found.secrets = {"rovn/production/sentry-token": TOKEN}
    return found


def sentry(aws: Aws, server: Server | None, *, began: float = NOW) -> Sentry:
    account = Account(aws.environment, aws.session())
    moments = iter([began, NOW + 120, NOW + 120])
    found = Sentry(account, "passport-api", Web(), now=lambda: next(moments))
    if server and found._settings:
        url = f"http://127.0.0.1:{server.server_port}"
        found._settings = found._settings.model_copy(update={"url": url})
    return found


def test_it_tells_the_rate_since_and_before(aws: Aws, server: Server) -> None:
    server.body = [[NOW - 300, 20], [NOW, 3], [NOW + 60, 5]]
    found = sentry(aws, server)
    found.begin()
    assert found.rate() == "4.0 events a minute, 2.0 before"
    ((path, authorization),) = server.asked
    assert urlsplit(path).path == "/api/0/projects/rovn/api/stats/"
    assert parse_qs(urlsplit(path).query) == {
        "stat": ["received"],
        "resolution": ["10s"],
        "since": [f"{NOW - 600:.0f}"],
        "until": [f"{NOW + 120:.0f}"],
    }
    assert authorization == f"Bearer {TOKEN}"


@pytest.mark.parametrize("late", [0.0, 0.5, 9.9])
def test_a_steady_rate_is_the_same_on_both_sides(aws: Aws, server: Server, late: float) -> None:
    """Sentry counts in steps of ten seconds, and a watch begins at any moment of one."""
    server.body = [[NOW + step, 3] for step in range(-600, 120, 10)]
    found = sentry(aws, server, began=NOW + late)
    found.begin()
    assert found.rate() == "18.0 events a minute, 18.0 before"
    ((path, _),) = server.asked
    assert parse_qs(urlsplit(path).query)["since"] == [f"{NOW - 600:.0f}"]


@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_another_answer_is_said(aws: Aws, server: Server, status: int) -> None:
    server.status = status
    found = sentry(aws, server)
    found.begin()
    assert found.rate() == f"cannot be asked: it answers {status}"


@pytest.mark.parametrize("body", [{"detail": "x"}, [1, 2], [["a", "b"]]])
def test_what_is_no_statistic_is_said(aws: Aws, server: Server, body: object) -> None:
    server.body = body
    found = sentry(aws, server)
    found.begin()
    assert found.rate() == "cannot be asked: it answers 200"


def test_down_is_said_without_the_token(aws: Aws, server: Server) -> None:
    found = sentry(aws, server)
    found.begin()
    server.shutdown()
    server.server_close()
    assert found.rate().startswith("cannot be asked: ")
    assert TOKEN not in found.rate()


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_token_that_cannot_be_read_is_said(aws: Aws, code: str) -> None:
    aws.faults["GetSecretValue"] = [(code, f"words about {TOKEN}")]
    found = sentry(aws, None)
    found.begin()
    assert found.rate() == f"its token cannot be read: {code}"


def test_the_account_reads_that_one_secret_and_no_other(aws: Aws) -> None:
    account = Account(aws.environment, aws.session())
    read = account.client("secretsmanager").get_secret_value
    with account.letting_read("sentry-token") as name:
        assert read(SecretId=name)["SecretString"] == TOKEN
        with pytest.raises(WriteOutsideProtocolError):
            read(SecretId="rovn/production/another")
    with pytest.raises(WriteOutsideProtocolError):
        read(SecretId=name)
