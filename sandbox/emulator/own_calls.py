"""Calls that neither ministack nor moto answers, or not truly: answered here, in JSON as on AWS.

A service module gives a function for each with `answers`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.emulator.moto_fallback import (
    Application,
    Receive,
    Scope,
    Send,
    credential,
    whole_body,
)

Members = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Where a request is signed for."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of the caller's account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


class RefusedError(Exception):
    """A request that AWS refuses, too, with the code that AWS gives."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both for the answer."""
        super().__init__(message)
        self.code = code


Call = Callable[[Caller, Members], Members]
CALLS: dict[tuple[str, str], Call] = {}


def answers(service: str, operation: str) -> Callable[[Call], Call]:
    """Register the decorated function; `service` is the name that requests are signed for."""

    def register(call: Call) -> Call:
        CALLS[service, operation] = call
        return call

    return register


def with_own_calls(application: Application) -> Application:
    """Wrap the emulator's ASGI application: it gets what is not answered here."""

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        account, region, service = credential(scope)
        call = CALLS.get((service, _operation(scope))) if service else None
        if call is None:
            await application(scope, receive, send)
            return
        body = await whole_body(receive)
        # ministack's own stores are read here, so off its event loop like everything it blocks on.
        status, told = await asyncio.to_thread(_answer, call, Caller(account, region), body)
        headers = [(b"content-type", b"application/x-amz-json-1.1")]
        if status != 200:
            headers.append((b"x-amzn-errortype", told["__type"].encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    return gateway


def _operation(scope: Scope) -> str:
    """Return the operation's name: from its header, or from the path that it is called by."""
    target: str = dict(scope["headers"]).get(b"x-amz-target", b"").decode()
    return target.rsplit(".", 1)[-1] or str(scope["path"]).strip("/")


def _answer(call: Call, caller: Caller, body: bytes) -> tuple[int, Members]:
    try:
        return 200, call(caller, json.loads(body or b"{}"))
    except RefusedError as refusal:
        return 400, {"__type": refusal.code, "message": str(refusal)}
