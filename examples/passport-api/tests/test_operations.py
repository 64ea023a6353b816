"""`/debug/*`, `/admin/*` and `/audit/*` open for the bearer of the token, and for nobody else."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api.app import create_app
from passport_api.settings import Settings
from tests.conftest import ADMIN_TOKEN, Written
from tests.doubles import SentryServer

PATHS = ["/debug/sentry", "/admin/reverify-queue", "/audit/database-session"]
BEARER = {"authorization": f"Bearer {ADMIN_TOKEN}"}


@pytest.mark.clause("ROVN-HLT-2")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, BEARER, {"authorization": "Bearer "}])
def test_without_configured_token_nothing_is_there(
    path: str,
    headers: dict[str, str],
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
) -> None:
    assert serve(create_app(settings())).get(path, headers=headers).status_code == 404


@pytest.mark.clause("ROVN-HLT-2")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer ", 401),
        (f"Basic {ADMIN_TOKEN}", 401),
        (ADMIN_TOKEN, 401),
        ("Bearer wrong", 403),
        (f"Bearer {ADMIN_TOKEN}x", 403),
        ("Bearer tök\u00ebn", 403),
    ],
)
def test_without_the_right_token_access_is_refused_and_logged(
    path: str, authorization: str | None, status: int, client: TestClient, written: Written
) -> None:
    headers: dict[bytes, bytes] = {}
    if authorization is not None:
        headers[b"authorization"] = authorization.encode("latin-1")

    answer = client.get(path, headers=headers)

    assert answer.status_code == status
    assert len(written.lines("auth_error")) == 1
    assert ADMIN_TOKEN not in written.text


@pytest.mark.clause("ROVN-HLT-2")
def test_probe_reaches_sentry_and_tells_the_caller_nothing(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient], written: Written
) -> None:
    sentry = SentryServer()
    wired = settings(admin_token=ADMIN_TOKEN, sentry_dsn="https://key@sentry.invalid/1")
    client = serve(create_app(wired, sentry_transport=sentry))

    answer = client.get("/debug/sentry", headers=BEARER)

    assert answer.status_code == 500
    assert answer.json() == {
        "detail": "Internal Server Error",
        "request_id": answer.headers["x-request-id"],
    }
    [event] = sentry.events
    assert event["exception"]["values"][0]["type"] == "SentryProbeError"
    assert event["release"] == "prod-20260527052600"
    assert "request" not in event
    assert written.lines("unhandled_error")[0]["error"]["type"] == "SentryProbeError"


def test_without_dsn_the_probe_fails_as_any_error_does(client: TestClient) -> None:
    assert client.get("/debug/sentry", headers=BEARER).status_code == 500


def test_sentry_event_carries_no_phi(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> None:
    sentry = SentryServer()
    app = create_app(settings(sentry_dsn="https://key@sentry.invalid/1"), sentry_transport=sentry)

    @app.get("/fails")
    async def fails() -> None:
        patient_name = "Zelda Quux"
        raise ValueError(f"name={patient_name}, ssn 123-45-6789")

    serve(app).get("/fails?email=zelda@example.org")

    [event] = sentry.events
    for planted in ("Zelda", "123-45-6789", "zelda@example.org"):
        assert planted not in str(event)


def test_queue_state(client: TestClient) -> None:
    answer = client.get("/admin/reverify-queue", headers=BEARER)

    assert answer.json() == {"depth": 0, "limit": 1000}


def test_database_session_is_told_by_the_database(client: TestClient) -> None:
    answer = client.get("/audit/database-session", headers=BEARER)

    assert answer.status_code == 200
    assert answer.json() == {"user": "postgres", "tls": False, "may_create": True}


def test_database_session_without_database_is_503(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient]
) -> None:
    nowhere = settings(
        admin_token=ADMIN_TOKEN,
        database_host="127.0.0.1",
        database_port=9,
        database_timeout_seconds=0.3,
    )

    answer = serve(create_app(nowhere)).get("/audit/database-session", headers=BEARER)

    assert answer.status_code == 503
    assert answer.json() == {"detail": "Service Unavailable"}
