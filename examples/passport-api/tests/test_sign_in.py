"""`/auth/*`: sessions, a provider that is down, and the administrators' way in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from local.signing_keys import first_document
from passport_api.app import create_app
from passport_api.settings import Settings
from tests.conftest import ADMIN_TOKEN, Written
from tests.doubles import GIVES_UP, Provider

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SECRET = "canary-workos-key-0123456789"  # noqa: S105  # opens nothing
CODE = "canary-code-0123"
BEARER = {"authorization": f"Bearer {ADMIN_TOKEN}"}


class Clock:
    """What time it is for the service."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def door(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    identity_provider: Provider,
    clock: Clock,
) -> TestClient:
    """Serve with a provider that gives up after a while."""
    configured = settings(
        admin_token=ADMIN_TOKEN,
        identity_provider_url=f"{identity_provider.url}/user_management/authenticate",
        identity_provider_client_id="client_1",
        jwt_signing_keys=first_document(NOW),
        session_seconds=3600,
        source_timeout_seconds=GIVES_UP,
        workos_api_key=SECRET,
    )
    return serve(create_app(configured, now=clock))


def whose(door: TestClient, session: str) -> dict[str, object]:
    headers = {"authorization": f"Bearer {session}"}
    found: dict[str, object] = door.get("/auth/session", headers=headers).json()
    return found


def test_a_code_becomes_a_session(
    door: TestClient, identity_provider: Provider, written: Written
) -> None:
    answer = door.post("/auth/session", json={"code": CODE})

    assert answer.status_code == 200
    session = answer.json()["session"]
    assert whose(door, session) == {"valid": True, "role": "member", "organisation": "org_mercy"}
    [(_, _, asked)] = identity_provider.asked
    assert asked == {
        "client_id": "client_1",
        "client_secret": SECRET,
        "grant_type": "authorization_code",
        "code": CODE,
    }
    assert "canary" not in written.text + answer.text
    assert session not in written.text


@pytest.mark.clause("ROVN-ALM-9")
@pytest.mark.parametrize(
    ("status", "body", "delay", "reason"),
    [
        (500, {}, 0.0, "status_500"),
        (429, {}, 0.0, "status_429"),
        # A key that was revoked, one that may not, a client that is gone, a request it cannot read.
        (401, {}, 0.0, "status_401"),
        (403, {}, 0.0, "status_403"),
        (404, {}, 0.0, "status_404"),
        (422, {}, 0.0, "status_422"),
        (400, {"error": "invalid_client"}, 0.0, "status_400"),
        (400, {}, 0.0, "status_400"),
        (400, [], 0.0, "status_400"),
        (401, {"error": "invalid_grant"}, 0.0, "status_401"),
        (302, {}, 0.0, "status_302"),
        (200, {}, 0.0, "unreadable_answer"),
        (200, {}, 2 * GIVES_UP, "timeout"),
    ],
)
def test_a_provider_that_is_down_or_refuses_us_is_a_5xx_of_an_auth_surface(
    status: int,
    body: object,
    delay: float,
    reason: str,
    door: TestClient,
    identity_provider: Provider,
    written: Written,
) -> None:
    held = door.post("/auth/session", json={"code": CODE}).json()["session"]
    identity_provider.status, identity_provider.body = status, body
    identity_provider.delay = delay

    assert door.post("/auth/session", json={"code": CODE}).status_code == 503

    line = written.lines("request")[-1]
    assert (line["surface"], line["status"], line["path"]) == ("auth", 503, "/auth/session")
    assert line["method"] == "POST"
    assert [line["reason"] for line in written.lines("identity_provider_error")] == [reason]
    # Who has a session stays in, and an administrator gets in.
    assert whose(door, held)["valid"] is True
    assert door.post("/auth/admin", headers=BEARER).status_code == 200


def test_a_code_that_is_refused_is_no_outage(
    door: TestClient, identity_provider: Provider, written: Written
) -> None:
    identity_provider.status = 400
    identity_provider.body = {"error": "invalid_grant", "error_description": "The code expired."}

    assert door.post("/auth/session", json={"code": CODE}).status_code == 403
    assert written.lines("identity_provider_error") == []


@pytest.mark.clause("ROVN-ALM-9")
def test_an_administrator_signs_in_without_the_provider_and_that_is_told(
    door: TestClient, identity_provider: Provider, written: Written
) -> None:
    answer = door.post("/auth/admin", headers=BEARER)

    found = whose(door, answer.json()["session"])
    assert found == {"valid": True, "role": "administrator", "organisation": None}
    assert len(written.lines("admin_auth")) == 1
    assert identity_provider.asked == []
    assert ADMIN_TOKEN not in written.text + answer.text


@pytest.mark.parametrize(("authorization", "status"), [("", 401), ("Bearer wrong", 403)])
def test_nobody_else_does(
    authorization: str, status: int, door: TestClient, written: Written
) -> None:
    answer = door.post("/auth/admin", headers={"authorization": authorization})

    assert answer.status_code == status
    assert written.lines("admin_auth") == []


def test_a_session_ends(door: TestClient, clock: Clock) -> None:
    session = door.post("/auth/session", json={"code": CODE}).json()["session"]

    clock.now = NOW + timedelta(seconds=3599)
    assert whose(door, session)["valid"] is True
    clock.now = NOW + timedelta(seconds=3600)
    assert whose(door, session) == {"valid": False, "role": None, "organisation": None}


@pytest.mark.parametrize("shown", ["", "a.b.c", "x" * 5000, ADMIN_TOKEN])
def test_what_is_no_session_is_nobodys(shown: str, door: TestClient) -> None:
    assert whose(door, shown)["valid"] is False


def test_without_keys_or_provider_nobody_gets_in(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> None:
    bare = serve(create_app(settings(admin_token=ADMIN_TOKEN)))
    assert bare.post("/auth/session", json={"code": CODE}).status_code == 404
    assert bare.post("/auth/admin", headers=BEARER).status_code == 404
    assert bare.get("/auth/session", headers=BEARER).status_code == 404

    alone = serve(create_app(settings(jwt_signing_keys=first_document(datetime.now(UTC)))))
    assert alone.post("/auth/session", json={"code": CODE}).status_code == 503
    assert alone.post("/auth/admin", headers=BEARER).status_code == 404
