"""`/explanations`: two routes to a model, what is told of each, and by whom tokens are used."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from passport_api.app import create_app
from passport_api.settings import Settings
from tests.conftest import Written
from tests.doubles import GIVES_UP, Provider

AGENT = "canary-agent-0123456789-0123456789ab"
KEY = "canary-anthropic-key"
PROFILE = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
HEADERS = {"authorization": f"Bearer {AGENT}", "x-tenant": "mercy-hospital-2"}
QUESTION = {"outcome": "rejected", "licence": "inactive"}
CALLED = "ai_executor_called"


@pytest.fixture
def explainer(
    settings: Callable[..., Settings],
    serve: Callable[[FastAPI], TestClient],
    anthropic: Provider,
    bedrock: Provider,
) -> TestClient:
    """Serve with both routes, each of which gives up after a while."""
    return serve(
        create_app(
            settings(
                mcp_inbound_token=AGENT,
                anthropic_api_key=KEY,
                anthropic_url=f"{anthropic.url}/v1/messages",
                ai_fallback_model=PROFILE,
                ai_fallback_url=bedrock.url,
                ai_fallback_region="us-east-2",
                ai_timeout_seconds=GIVES_UP,
            )
        )
    )


def events(written: Written) -> list[str]:
    return [line["event"] for line in written.lines() if line.get("event", "").startswith("ai_")]


def test_the_provider_answers_and_its_tokens_are_the_tenants(
    explainer: TestClient, anthropic: Provider, bedrock: Provider, written: Written
) -> None:
    answer = explainer.post("/explanations", json=QUESTION, headers=HEADERS)

    assert answer.status_code == 200
    assert answer.json() == {"state": "explained", "text": "It is in order."}
    assert events(written) == [CALLED, "ai_tokens"]
    [tokens] = written.lines("ai_tokens")
    assert (tokens["tokens"], tokens["tenant"], tokens["route"]) == (
        49,
        "mercy-hospital-2",
        "primary",
    )
    [(path, headers, body)] = anthropic.asked
    assert (path, headers["x-api-key"]) == ("/v1/messages", KEY)
    assert "rejected" in body["messages"][0]["content"]
    assert bedrock.asked == []
    assert "canary" not in written.text + answer.text


@pytest.mark.parametrize(
    ("status", "body", "delay", "reason"),
    [
        (529, {}, 0.0, "status_529"),
        (302, {}, 0.0, "status_302"),
        (200, {"content": []}, 0.0, "unreadable_answer"),
        (200, {}, 2 * GIVES_UP, "timeout"),
    ],
)
@pytest.mark.clause("ROVN-ALM-8")
def test_the_fallback_answers_what_the_provider_does_not(
    status: int,
    body: object,
    delay: float,
    reason: str,
    explainer: TestClient,
    anthropic: Provider,
    bedrock: Provider,
    written: Written,
) -> None:
    anthropic.status, anthropic.body, anthropic.delay = status, body, delay

    answer = explainer.post("/explanations", json=QUESTION, headers=HEADERS)

    assert answer.json() == {"state": "explained", "text": "It is well."}
    assert events(written) == [CALLED, "ai_route_failed", "ai_fallback_used", "ai_tokens"]
    [failed] = written.lines("ai_route_failed")
    assert (failed["route"], failed["reason"]) == ("primary", reason)
    [tokens] = written.lines("ai_tokens")
    assert (tokens["tokens"], tokens["route"]) == (37, "fallback")
    [(path, headers, _)] = bedrock.asked
    assert path == f"/model/{PROFILE.replace(':', '%3A')}/converse"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.parametrize(
    ("status", "body", "delay", "reason"),
    [
        (403, {"message": "no"}, 0.0, "status_403"),
        (500, {}, 0.0, "status_500"),
        (200, {"output": {"message": {"role": "assistant", "content": []}}}, 0.0, None),
        (200, {}, 2 * GIVES_UP, "ReadTimeoutError"),
    ],
)
@pytest.mark.clause("ROVN-ALM-8")
def test_without_any_route_the_caller_asks_again(
    status: int,
    body: object,
    delay: float,
    reason: str | None,
    explainer: TestClient,
    anthropic: Provider,
    bedrock: Provider,
    written: Written,
) -> None:
    anthropic.status = 500
    bedrock.status, bedrock.body, bedrock.delay = status, body, delay

    answer = explainer.post("/explanations", json=QUESTION, headers=HEADERS)

    assert answer.status_code == 202
    assert answer.json() == {"state": "in_progress", "text": None}
    assert events(written) == [CALLED, "ai_route_failed", "ai_route_failed", "ai_executor_failed"]
    assert len(bedrock.asked) == 1, "once: a task that waits twice serves nobody"
    failed = written.lines("ai_route_failed")[1]
    assert (failed["route"], failed["reason"]) == ("fallback", reason or "unreadable_answer")
    assert written.lines("unhandled_error") == []


def test_routes_that_nobody_configured_fail_the_same_way(
    settings: Callable[..., Settings], serve: Callable[[FastAPI], TestClient], written: Written
) -> None:
    client = serve(create_app(settings(mcp_inbound_token=AGENT)))

    assert client.post("/explanations", json=QUESTION, headers=HEADERS).status_code == 202

    reasons = [line["reason"] for line in written.lines("ai_route_failed")]
    assert reasons == ["not_configured", "not_configured"]


@pytest.mark.clause("ROVN-CST-1")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (HEADERS | {"authorization": "Bearer wrong"}, 403),
        ({"authorization": HEADERS["authorization"]}, 400),
        (HEADERS | {"x-tenant": "Zelda Quux"}, 400),
    ],
)
def test_nobody_asks_for_whom_nobody_pays(
    headers: dict[str, str],
    status: int,
    explainer: TestClient,
    anthropic: Provider,
    written: Written,
) -> None:
    answer = explainer.post("/explanations", json=QUESTION, headers=headers)

    assert answer.status_code == status
    assert anthropic.asked == []
    assert events(written) == []


def test_a_question_holds_nothing_of_a_person(
    explainer: TestClient, anthropic: Provider, written: Written
) -> None:
    asked = QUESTION | {"name": "Zelda Quux"}

    answer = explainer.post("/explanations", json=asked, headers=HEADERS)

    assert answer.status_code == 422
    assert "Zelda" not in answer.text + written.text
    assert anthropic.asked == []
