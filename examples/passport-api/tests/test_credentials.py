"""`/credentials/verify`: outcomes, a source that fails, and the queue behind it."""

import asyncio
import time
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api.app import create_app
from passport_api.credentials import Nurse, is_valid_npi
from passport_api.reverification import QueueFullError, ReverifyQueue
from passport_api.settings import Settings
from passport_api.source_registry import SourceAdapterError, SourceRegistry
from tests.conftest import Written
from tests.doubles import GIVES_UP, Registry

NURSE = {
    "name": "Zelda Quux",
    "ssn": "123-45-6789",
    "npi": "1234567893",
    "date_of_birth": "1980-02-29",
}


@pytest.fixture
def verifier(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    registry: Registry,
) -> TestClient:
    """Serve with a licence registry that gives up after a while."""
    return serve(
        create_app(
            settings(
                source_registry_url=registry.url,
                source_timeout_seconds=GIVES_UP,
                reverify_queue_limit=1,
            )
        )
    )


@pytest.mark.parametrize(
    ("npi", "valid"),
    [("1234567893", True), ("1245319599", True), ("1234567890", False), ("1234567839", False)],
)
def test_check_digit(npi: str, valid: bool) -> None:
    assert is_valid_npi(npi) is valid


@pytest.mark.parametrize(
    ("state", "outcome"),
    [("active", "verified"), ("inactive", "rejected"), ("not_found", "rejected")],
)
def test_registry_decides(
    state: str, outcome: str, verifier: TestClient, registry: Registry
) -> None:
    registry.state = state

    answer = verifier.post("/credentials/verify", json=NURSE)

    assert answer.status_code == 200
    assert answer.json() == {
        "outcome": outcome,
        "npi_valid": True,
        "licence": state,
        "receipt": None,
    }
    assert registry.asked == [{"npi": NURSE["npi"]}]
    assert registry.shown == [None]


def test_registry_is_shown_the_outbound_token(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    registry: Registry,
    written: Written,
) -> None:
    token = "canary-outbound-0123456789-012345"  # noqa: S105  # opens nothing
    configured = settings(source_registry_url=registry.url, mcp_outbound_token=token)

    answer = serve(create_app(configured)).post("/credentials/verify", json=NURSE)

    assert answer.status_code == 200
    assert registry.shown == [f"Bearer {token}"]
    assert token not in written.text + answer.text


def test_wrong_check_digit_asks_nobody(verifier: TestClient, registry: Registry) -> None:
    answer = verifier.post("/credentials/verify", json=NURSE | {"npi": "1234567890"})

    assert answer.json() == {
        "outcome": "rejected",
        "npi_valid": False,
        "licence": None,
        "receipt": None,
    }
    assert registry.asked == []


@pytest.mark.parametrize(
    ("status", "state", "delay", "reason"),
    [
        (503, "active", 0.0, "status_503"),
        (302, "active", 0.0, "status_302"),
        (200, "unheard-of", 0.0, "unreadable_answer"),
        (200, "active", 2 * GIVES_UP, "timeout"),
    ],
)
def test_source_failure_is_pending_and_raises_the_events(
    status: int,
    state: str,
    delay: float,
    reason: str,
    verifier: TestClient,
    registry: Registry,
    written: Written,
) -> None:
    registry.status, registry.state, registry.delay = status, state, delay

    answer = verifier.post("/credentials/verify", json=NURSE)

    assert answer.status_code == 202
    assert answer.json()["outcome"] == "pending"
    [failure] = written.lines("source_adapter_error")
    assert failure["source"] == "licence_registry"
    assert failure["reason"] == reason
    [queue] = written.lines("reverify_queue")
    assert queue["depth"] == 1
    for planted in NURSE.values():
        assert planted not in written.text


def test_full_queue_is_503(verifier: TestClient, registry: Registry) -> None:
    registry.status = 500
    assert verifier.post("/credentials/verify", json=NURSE).status_code == 202
    assert verifier.post("/credentials/verify", json=NURSE).status_code == 202, "waits once"

    other = NURSE | {"npi": "1245319599"}
    assert verifier.post("/credentials/verify", json=other).status_code == 503


@pytest.mark.parametrize(
    "change",
    [
        {"ssn": "Zelda-1980"},
        {"npi": "12345"},
        {"date_of_birth": "29.02.1980"},
        {"name": ""},
        {"123-45-6789": "x"},
    ],
)
def test_refusal_names_fields_without_echo(
    change: dict[str, str], verifier: TestClient, written: Written
) -> None:
    answer = verifier.post("/credentials/verify", json=NURSE | change)

    assert answer.status_code == 422
    assert answer.json()["detail"]
    for planted in (*NURSE.values(), *change.values()):
        assert planted == "" or planted not in answer.text.replace("extra_forbidden", "")
    assert "Zelda" not in written.text
    assert "123-45-6789" not in written.text


def test_nurse_does_not_show_in_text() -> None:
    nurse = Nurse.model_validate(NURSE)

    assert f"{nurse}{nurse!r}" == "Nurse()"


def test_unreachable_and_absent_source(settings: Callable[..., Settings]) -> None:
    async def reason(url: str | None) -> str:
        registry = SourceRegistry(settings(source_registry_url=url))
        try:
            with pytest.raises(SourceAdapterError) as failure:
                await registry.licence_state("1234567893")
        finally:
            await registry.close()
        return failure.value.reason

    assert asyncio.run(reason(None)) == "not_configured"
    assert asyncio.run(reason("http://127.0.0.1:9/")) == "unreachable"


def test_queue_empties_when_the_source_is_back(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    registry: Registry,
    written: Written,
) -> None:
    registry.status = 500
    often = settings(source_registry_url=registry.url, reverify_interval_seconds=0.05)
    client = serve(create_app(often))
    for npi in ("1234567893", "1245319599"):
        assert client.post("/credentials/verify", json=NURSE | {"npi": npi}).status_code == 202
    registry.status = 200

    give_up = time.monotonic() + 60
    while written.lines("reverify_queue")[-1]["depth"] > 0:
        assert time.monotonic() < give_up, "the queue did not empty"
        time.sleep(0.02)
    assert {1, 2} <= {line["depth"] for line in written.lines("reverify_queue")}


def test_queue_refuses_over_its_limit(settings: Callable[..., Settings]) -> None:
    configured = settings(reverify_queue_limit=2)
    queue = ReverifyQueue(SourceRegistry(configured), configured)
    queue.add("1")
    queue.add("2")

    with pytest.raises(QueueFullError):
        queue.add("3")
    assert queue.depth == 2
