"""Requests for services that ministack does not have go to moto, in this same process.

A service module names them with `served_by_moto`. moto takes about a second to load, so that
happens at the first request that needs it.
"""

from __future__ import annotations

import asyncio
import functools
import io
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.emulator.patching import PATCHES, UnexpectedEmulatorError

PATCHES.needs("ministack.core.responses", "_account_from_sts_session")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CREDENTIAL = re.compile(rb"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# Headers of the connection, which each side sets for itself.
OF_THE_CONNECTION = {"connection", "content-length", "transfer-encoding"}


SERVED_BY_MOTO: set[str] = set()


def served_by_moto(*signing_names: str) -> None:
    """Send the services that sign by these names to moto."""
    SERVED_BY_MOTO.update(signing_names)


def with_moto(application: Application, ministack_services: object) -> Application:
    """Wrap ministack's ASGI application; raises UnexpectedEmulatorError on a service it has."""
    if not isinstance(ministack_services, dict):
        raise UnexpectedEmulatorError("ministack.app.SERVICE_REGISTRY: there is no such table")
    for name in sorted(SERVED_BY_MOTO & ministack_services.keys()):
        raise UnexpectedEmulatorError(
            f"ministack.app.SERVICE_REGISTRY: the emulator knows {name} by itself now"
        )

    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        account, _, service = credential(scope)
        if service not in SERVED_BY_MOTO:
            await application(scope, receive, send)
            return
        body = await whole_body(receive)
        status, headers, answer = await asyncio.to_thread(_ask_moto, account, scope, body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return gateway


def credential(scope: Scope) -> tuple[str, str, str]:
    """Return the account, region and service that a request is signed for; empty if unsigned."""
    if scope["type"] != "http":
        return "", "", ""
    match = CREDENTIAL.search(dict(scope["headers"]).get(b"authorization", b""))
    if match is None:
        return "", "", ""
    key, region, service = (part.decode() for part in match.groups())
    return _account_of(key), region, service


def _account_of(key: str) -> str:
    """Return the account of an access key: its own twelve digits, or that of its session."""
    if re.fullmatch(r"[0-9]{12}", key):
        return key
    from ministack.core.responses import _account_from_sts_session

    return str(_account_from_sts_session(key) or key)


async def whole_body(receive: Receive) -> bytes:
    """Return the body of a request, however many parts it comes in."""
    parts = []
    more = True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    return b"".join(parts)


@functools.cache
def _moto(account: str) -> Any:  # noqa: ANN401 - moto's WSGI application
    # moto reads its only account when it is imported.
    os.environ["MOTO_ACCOUNT_ID"] = account
    from moto.server import DomainDispatcherApplication, create_backend_app

    return DomainDispatcherApplication(create_backend_app)


def _ask_moto(
    account: str, scope: Scope, body: bytes
) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Call moto as a WSGI server does."""
    status = 0
    headers: list[tuple[bytes, bytes]] = []

    def start_response(line: str, given: list[tuple[str, str]], *_: object) -> None:
        nonlocal status
        status = int(line.split()[0])
        headers.extend(
            (name.lower().encode(), value.encode())
            for name, value in given
            if name.lower() not in OF_THE_CONNECTION
        )

    answer = _moto(account)(_wsgi_environment(scope, body), start_response)
    return status, headers, b"".join(answer)


def _wsgi_environment(scope: Scope, body: bytes) -> dict[str, Any]:
    host, port = scope["server"]
    environment: dict[str, Any] = {
        "CONTENT_LENGTH": str(len(body)),
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope["query_string"].decode(),
        "RAW_URI": scope["raw_path"].decode(),
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(body),
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    for name, value in scope["headers"]:
        variable = name.decode().upper().replace("-", "_")
        if variable == "CONTENT_TYPE":
            environment[variable] = value.decode()
        elif name.decode() not in OF_THE_CONNECTION:
            environment[f"HTTP_{variable}"] = value.decode()
    return environment
