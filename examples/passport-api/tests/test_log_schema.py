"""Every event as the service really writes it, and the schema that alarms are built on."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from local.signing_keys import first_document
from passport_api.app import create_app
from passport_api.events import Event
from passport_api.settings import Settings
from tests.conftest import ADMIN_TOKEN, Written
from tests.doubles import Provider, Registry
from tests.log_schema import EVENTS, EXAMPLES, faults
from tests.test_credentials import NURSE

AGENT = "canary-agent-0123456789-0123456789ab"
BEFORE = "canary-before-0123456789-0123456789a"
ADMIN = {"authorization": f"Bearer {ADMIN_TOKEN}"}
ASKS = {"authorization": f"Bearer {AGENT}", "x-tenant": "mercy-hospital-2"}
QUESTION = {"outcome": "verified", "licence": "active"}
# What differs from run to run, and what stands there instead.
VARYING = {
    "timestamp": "2026-11-22T09:00:00.000+00:00",
    "request_id": "6f1c2a8e-0b5d-4c11-9a55-2f6f4c0b7e01",
    "duration_ms": 1.5,
}


@pytest.fixture
def lines(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    anthropic: Provider,
    bedrock: Provider,
    identity_provider: Provider,
    registry: Registry,
    written: Written,
) -> list[dict[str, Any]]:
    """Make the service write every event that it has."""
    registry.status = 503
    app = create_app(
        settings(
            admin_token=ADMIN_TOKEN,
            ai_fallback_model="us.anthropic.claude",
            ai_fallback_url=bedrock.url,
            anthropic_api_key="canary-anthropic-key",
            anthropic_url=anthropic.url,
            ai_fallback_region="us-east-2",
            identity_provider_url=identity_provider.url,
            jwt_signing_keys=first_document(datetime.now(UTC)),
            mcp_inbound_token=AGENT,
            mcp_inbound_token_previous=BEFORE,
            mcp_inbound_token_previous_until="9998-12-31T00:00:00Z",  # noqa: S106  # a time
            source_registry_url=registry.url,
        )
    )
    with TestClient(app) as client:
        client.get("/health")
        client.post("/credentials/verify", json=NURSE)
        client.post("/auth/session", json={"code": "one"})
        identity_provider.status = 500
        client.post("/auth/session", json={"code": "one"})
        client.post("/auth/admin", headers=ADMIN)
        client.get("/debug/sentry")
        client.get("/debug/sentry", headers=ADMIN)
        previous = ASKS | {"authorization": f"Bearer {BEFORE}"}
        client.post("/explanations", json=QUESTION, headers=previous)
        anthropic.status = 529
        client.post("/explanations", json=QUESTION, headers=ASKS)
        bedrock.status = 503
        client.post("/explanations", json=QUESTION, headers=ASKS)
    away = settings(database_host="127.0.0.1", database_port=9, database_timeout_seconds=0.2)
    serve(create_app(away)).get("/health")
    return written.lines()


@pytest.mark.clause("ROVN-LOG-1")
@pytest.mark.clause("ROVN-ALM-7")
@pytest.mark.clause("ROVN-ALM-8")
@pytest.mark.clause("ROVN-ALM-9")
def test_every_event_is_written_as_the_schema_says(lines: list[dict[str, Any]]) -> None:
    assert faults(lines) == []
    assert set(Event) == set(EVENTS)
    assert {line["event"] for line in lines if "event" in line} == set(Event)
    text = json.dumps(lines)
    for planted in (*NURSE.values(), "canary"):
        assert planted not in text


def test_the_examples_are_what_the_service_writes(lines: list[dict[str, Any]]) -> None:
    """Who renames an event has to write them anew, and then hears of the alarms that miss it."""
    now = "".join(f"{json.dumps(line)}\n" for line in _examples(lines))
    if os.environ.get("WRITE_LINES"):
        EXAMPLES.write_text(now)
    assert EXAMPLES.read_text() == now


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"event": "renamed"}, "is not one of"),
        ({"depth": "7"}, "is not of type 'integer'"),
        ({"status": 200}, "is not one of"),
        ({"patient": "x"}, "'patient' was unexpected"),
        ({"timestamp": "now"}, "does not match"),
        ({"tenant": "Zelda Quux"}, "does not match"),
    ],
)
def test_a_line_of_another_form_is_seen(
    change: dict[str, Any], says: str, lines: list[dict[str, Any]]
) -> None:
    line = next(line for line in lines if line.get("event") == Event.REVERIFY_QUEUE)
    assert any(says in fault for fault in faults([line | change]))


def test_a_line_that_lacks_its_number_is_seen(lines: list[dict[str, Any]]) -> None:
    line = next(line for line in lines if line.get("event") == Event.REVERIFY_QUEUE)
    del line["depth"]
    assert faults([line]) == ["reverify_queue: 'depth' is a required property"]


def _examples(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one line of each kind: event, path and status, in the order of the schema."""
    kept: dict[tuple[object, ...], dict[str, Any]] = {}
    for line in lines:
        if "event" not in line:
            continue
        key = (line["event"], line.get("path"), line.get("status"), line.get("route"))
        shown = {name: VARYING.get(name, value) for name, value in line.items()}
        if "error" in shown:
            shown["error"] = {"type": line["error"]["type"], "message": "-", "frames": []}
        kept.setdefault(key, shown)
    return sorted(
        kept.values(),
        key=lambda line: (
            EVENTS.index(line["event"]),
            line.get("path", ""),
            line.get("status", 0),
            line.get("route", ""),
        ),
    )
