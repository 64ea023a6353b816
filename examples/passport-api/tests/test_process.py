"""The service as it runs in a task: its start, its end, and what it never writes."""

import json
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx2
import pytest

from local.signing_keys import first_document
from tests.conftest import ADMIN_TOKEN, Process
from tests.doubles import Registry

VERSION = {"APP_VERSION": "prod-20260527052600"}
NURSE = {
    "name": "Zelda Quux",
    "ssn": "123-45-6789",
    "npi": "1234567893",
    "date_of_birth": "1980-02-29",
}
EXIT_SECONDS = 10


def wait_until_asked(registry: Registry) -> None:
    give_up = time.monotonic() + EXIT_SECONDS
    while not registry.asked:
        assert time.monotonic() < give_up, "the request did not arrive"
        time.sleep(0.01)


def test_sigterm_lets_a_running_request_finish(
    process: Callable[..., Process], postgres: dict[str, str], registry: Registry
) -> None:
    registry.delay = 1.0
    patient = {"SOURCE_REGISTRY_URL": registry.url, "SOURCE_TIMEOUT_SECONDS": "30"}
    service = process(VERSION | postgres | patient)
    service.wait_until_it_answers()
    answers: list[httpx2.Response] = []

    def ask() -> None:
        url = f"{service.url}/credentials/verify"
        answers.append(httpx2.post(url, json=NURSE, timeout=EXIT_SECONDS, trust_env=False))

    request = threading.Thread(target=ask)
    request.start()
    wait_until_asked(registry)
    service.popen.send_signal(signal.SIGTERM)
    request.join(timeout=EXIT_SECONDS)

    assert [answer.status_code for answer in answers] == [200]
    assert service.popen.wait(timeout=EXIT_SECONDS) == 0
    events = [json.loads(line).get("event") for line in service.output.splitlines()]
    assert events.index("request") < events.index("stopped")


def test_sigterm_ends_requests_that_take_too_long(
    process: Callable[..., Process], postgres: dict[str, str], registry: Registry
) -> None:
    registry.delay = 30.0
    service = process(
        VERSION
        | postgres
        | {
            "SOURCE_REGISTRY_URL": registry.url,
            "SOURCE_TIMEOUT_SECONDS": "30",
            "DRAIN_SECONDS": "1",
        }
    )
    service.wait_until_it_answers()
    answers: list[httpx2.Response] = []

    def ask() -> None:
        url = f"{service.url}/credentials/verify"
        try:
            answers.append(httpx2.post(url, json=NURSE, timeout=EXIT_SECONDS, trust_env=False))
        except httpx2.TransportError:
            return

    request = threading.Thread(target=ask)
    request.start()
    wait_until_asked(registry)
    started = time.monotonic()
    service.popen.send_signal(signal.SIGTERM)

    assert service.popen.wait(timeout=EXIT_SECONDS) == 0
    assert time.monotonic() - started < 5
    request.join(timeout=EXIT_SECONDS)
    # Not what it would have answered once the source had: it was cut off.
    assert [answer.status_code for answer in answers if answer.status_code != 500] == []


def test_unusable_settings_end_it_with_one_clear_line(process: Callable[..., Process]) -> None:
    service = process({"ADMIN_TOKEN": "canary-short", "DATABASE_PORT": "canary-port"})

    assert service.popen.wait(timeout=EXIT_SECONDS) == 2
    [line] = [json.loads(line) for line in service.output.splitlines()]
    assert line["level"] == "CRITICAL"
    for name in ("APP_VERSION", "DATABASE_HOST", "DATABASE_NAME", "DATABASE_USER"):
        assert f"{name} (Field required)" in line["message"]
    assert "ADMIN_TOKEN (Value error, must have at least 32 characters)" in line["message"]
    assert "DATABASE_PORT (Input should be a valid integer" in line["message"]
    assert "canary" not in service.output


@pytest.mark.clause("ROVN-SEC-3")
def test_without_keys_it_waits_for_the_first_rotation(
    process: Callable[..., Process], postgres: dict[str, str]
) -> None:
    """By ending: ECS starts it again, until the rotation has made the keys."""
    document = '{"keys": [], "first": "canary"}'
    service = process(VERSION | postgres | {"JWT_SIGNING_KEYS": document})

    assert service.popen.wait(timeout=EXIT_SECONDS) == 2
    [line] = [json.loads(line) for line in service.output.splitlines()]
    assert line["message"] == (
        "unusable settings: JWT_SIGNING_KEYS "
        "(Value error, has no keys yet: the first rotation of the secret makes them)"
    )
    assert "canary" not in service.output


@pytest.mark.clause("ROVN-LOG-1")
def test_no_secret_and_no_phi_is_ever_written(
    process: Callable[..., Process], postgres: dict[str, str], registry: Registry
) -> None:
    document = first_document(datetime.now(UTC))
    private = [key["private"] for key in json.loads(document)["keys"]]
    canaries = {
        "DATABASE_PASSWORD": "canary-database-password",
        "ADMIN_TOKEN": "canary-admin-token-0123456789abcdef",
        "ADMIN_TOKEN_PREVIOUS": "canary-before-token-0123456789abcdef",
        "ADMIN_TOKEN_PREVIOUS_UNTIL": "9998-12-31T00:00:00Z",
        "MCP_INBOUND_TOKEN": "canary-agent-token-0123456789abcdef",
        "MCP_OUTBOUND_TOKEN": "canary-outbound-token-0123456789abcdef",
        "JWT_SIGNING_KEYS": document,
        "SENTRY_DSN": "http://canarysentrykey@127.0.0.1:9/1",
    }
    registry.status = 500
    unreachable = {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": "9"}
    others = {
        "SOURCE_REGISTRY_URL": registry.url,
        "DATABASE_TIMEOUT_SECONDS": "0.2",
    }
    service = process(VERSION | postgres | unreachable | others | canaries)
    service.wait_until_it_answers()
    bodies = []
    tokens = [value for name, value in canaries.items() if "TOKEN" in name]
    for authorization in ("", "Bearer guess", *(f"Bearer {token}" for token in tokens)):
        headers = {"authorization": authorization, "x-request-id": NURSE["ssn"]}
        with httpx2.Client(base_url=service.url, headers=headers, trust_env=False) as client:
            paths = ("/health", "/debug/sentry", "/audit/database-session", "/nothing")
            bodies.append(client.get("/.well-known/jwks.json").text)
            bodies += [client.get(f"{path}?ssn={NURSE['ssn']}").text for path in paths]
            bodies.append(client.post("/credentials/verify", json=NURSE).text)
            bodies.append(client.post("/credentials/verify", json=NURSE | {"x": "y"}).text)
            bodies.append(client.post("/credentials/verify", content=b'{"name": "Zelda').text)
            bodies.append(client.post("/receipts/verify", json={"receipt": "a.b.c"}).text)
    service.popen.terminate()
    assert service.popen.wait(timeout=EXIT_SECONDS) == 0

    output = service.output + "".join(bodies)
    assert "SentryProbeError" in service.output
    assert '"database":"down"' in output
    assert '"valid":false' in output
    assert '"event": "previous_bearer"' in output
    for planted in (*NURSE.values(), *private, "Zelda", "canary"):
        assert planted not in output
    assert "Traceback" not in output
    for line in service.output.splitlines():
        json.loads(line)


def test_python_m_local_serves_with_its_own_database(process: Callable[..., Process]) -> None:
    service = process({"ADMIN_TOKEN": ADMIN_TOKEN}, module="local")
    service.wait_until_it_answers()

    answer = httpx2.get(f"{service.url}/health", trust_env=False)

    assert answer.json() == {"status": "ok", "version": "local", "database": "up"}
    keys = httpx2.get(f"{service.url}/.well-known/jwks.json", trust_env=False).json()["keys"]
    assert len(keys) == 2
    assert f"{service.url}/health" in service.output
    service.popen.send_signal(signal.SIGINT)
    assert service.popen.wait(timeout=EXIT_SECONDS) == 0
