"""One line a request, its id in and out, and the boundary that no exception passes."""

import json
import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from passport_api.error_reporting import ErrorReporter
from passport_api.events import Event, log_event
from passport_api.log_line import request_id_var, tenant_var

_TENANT = re.compile(r"[a-z][a-z-]{0,35}[0-9]{0,3}")
_UNMATCHED = "(unmatched)"
# What signs people in, and what others check the tokens with (playbook 5.4).
_AUTH_SURFACES = ("/auth/", "/.well-known/jwks.json")
_CLIENT_CLOSED = 499
"""Logged when the client went away before the answer began."""


class RequestLog:
    """ASGI middleware. Logs the path's template, never the path: paths and queries hold data."""

    def __init__(self, app: ASGIApp, reporter: ErrorReporter) -> None:
        self._app = app
        self._reporter = reporter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers.get("x-request-id"))
        request_token = request_id_var.set(request_id)
        tenant_token = tenant_var.set(_tenant(headers.get("x-tenant")))
        try:
            await self._handle(scope, receive, send, request_id)
        finally:
            request_id_var.reset(request_token)
            tenant_var.reset(tenant_token)

    async def _handle(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        started = time.perf_counter()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001  # the boundary: clients never see a traceback
            self._reporter.capture(error)
            log_event(
                Event.UNHANDLED_ERROR,
                "a request ended with an unhandled exception",
                level=logging.ERROR,
                error=error,
                path=_template(scope),
            )
            if status is None:
                await _send_internal_error(send_with_id, request_id)
        finally:
            log_event(
                Event.REQUEST,
                "request",
                method=scope["method"],
                path=_template(scope),
                surface=_surface(scope),
                status=_CLIENT_CLOSED if status is None else status,
                duration_ms=round((time.perf_counter() - started) * 1000, 1),
            )


def _request_id(given: str | None) -> str:
    """Keep the caller's id if it is a random UUID, else make one: free text could hold PHI."""
    try:
        parsed = uuid.UUID(given or "")
    except ValueError:
        return str(uuid.uuid4())
    is_random = parsed.version == 4 and parsed.variant == uuid.RFC_4122
    return str(parsed if is_random else uuid.uuid4())


def _tenant(given: str | None) -> str | None:
    return given if given and _TENANT.fullmatch(given) else None


def _surface(scope: Scope) -> str | None:
    return "auth" if _template(scope).startswith(_AUTH_SURFACES) else None


def _template(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", None) or _UNMATCHED


async def _send_internal_error(send: Send, request_id: str) -> None:
    body = json.dumps({"detail": "Internal Server Error", "request_id": request_id}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
