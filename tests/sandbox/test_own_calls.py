"""Calls that are answered here are, all others go on to the emulator, and refusals are AWS's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sandbox.emulator import own_calls
from sandbox.emulator.own_calls import Caller, Members, RefusedError, with_own_calls

CREDENTIAL = "AWS4-HMAC-SHA256 Credential=111122223333/20261121/us-east-2/{}/aws4_request"


async def emulator(_scope: Any, _receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


def greet(caller: Caller, request: Members) -> Members:
    if "name" not in request:
        raise RefusedError("ValidationException", "name is missing")
    return {"arn": caller.arn("greetings", request["name"])}


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_calls, "CALLS", {("greetings", "Greet"): greet})


def ask(
    body: Members, service: str = "greetings", target: str = "", path: str = "/"
) -> tuple[int, Members]:
    sent: list[dict[str, Any]] = []
    parts = [{"body": json.dumps(body).encode()[:3], "more_body": True}]
    parts.append({"body": json.dumps(body).encode()[3:]})

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    headers = [(b"authorization", CREDENTIAL.format(service).encode())]
    if target:
        headers.append((b"x-amz-target", target.encode()))
    scope = {"type": "http", "path": path, "headers": headers}

    async def answered() -> None:
        await with_own_calls(emulator)(scope, receive, send)

    asyncio.run(answered())
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_a_call_by_its_header_or_by_its_path() -> None:
    told = {"arn": "arn:aws:greetings:us-east-2:111122223333:you"}
    assert ask({"name": "you"}, target="Greetings_2026.Greet") == (200, told)
    assert ask({"name": "you"}, path="/Greet") == (200, told)


def test_a_refusal_has_the_code_of_aws() -> None:
    refusal = {"__type": "ValidationException", "message": "name is missing"}
    assert ask({}, target="Greetings.Greet") == (400, refusal)


@pytest.mark.parametrize(
    ("service", "target"), [("greetings", "Greetings.Leave"), ("others", "Greetings.Greet")]
)
def test_everything_else_goes_on(service: str, target: str) -> None:
    assert ask({"name": "you"}, service, target)[0] == 418
