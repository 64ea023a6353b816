"""The load balancer of a rehearsal: HTTPS on loopback, forwarded by the rules as they are now."""

from __future__ import annotations

import http.client
import json
import os
import random
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sandbox.emulator.patching import PATCHES
from sandbox.emulator.rehearsal.certificates import (
    CERTIFICATE,
    KEY,
    write_certificates,
)
from sandbox.emulator.rehearsal.database_door import open_door
from sandbox.emulator.rehearsal.draining import DRAINING, PATIENCE_SECONDS
from sandbox.emulator.rehearsal.settings import AUTHORITY, DATABASES, RehearsalSettings

ALB = "ministack.services.alb"
HOST = "127.0.0.1"
NETWORK = Path(__file__).with_name("network")
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}

PATCHES.needs(ALB, "_listeners", "_match_condition", "_rule_sort_key", "_rules", "_targets")


class NoAnswerError(Exception):
    """A request that the balancer answers by itself, with this status."""

    def __init__(self, status: int) -> None:
        """Keep the status."""
        super().__init__(status)
        self.status = status


def serve_listeners(settings: RehearsalSettings) -> None:
    """Listen for each declared listener, and let functions find and trust it."""
    if not settings.listeners:
        return
    folder = Path(settings.certificates)
    write_certificates(folder, settings.hostnames)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    for declared, port in settings.listeners.items():
        server = _Server((HOST, port), _Handler)
        server.declared, server.place = int(declared), (settings.account, settings.region)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
    # Functions inherit the emulator's environment.
    os.environ["SSL_CERT_FILE"] = str(folder / AUTHORITY)
    ports = dict(settings.listeners)
    if settings.database_door:
        ports[DATABASES.format(region=settings.region)] = settings.database_door
        open_door(settings, context)
        os.environ["DATABASE_CA_FILE"] = str(folder / AUTHORITY)
    os.environ["SANDBOX_LISTENERS"] = json.dumps(ports)
    os.environ["PYTHONPATH"] = str(NETWORK)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    declared: int
    place: tuple[str, str]


class _Handler(BaseHTTPRequestHandler):
    """Sends one request on and its answer back."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS

    def _forward(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        where = (self.server.place, self.server.declared, self.path, headers)
        try:
            with DRAINING.to(lambda: target_of(*where)) as port:
                status, answered, content = _ask(port, self.command, self.path, headers, body)
        except NoAnswerError as error:
            status, answered, content = error.status, {}, b""
        self.send_response(status)
        for name, value in answered.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its own signature
        """Say nothing: paths may hold what no log must."""


def target_of(
    place: tuple[str, str], declared_port: int, path: str, headers: Mapping[str, str]
) -> int:
    """Return the port of a task that the listener's rules choose now; raises NoAnswerError."""
    from ministack.core.responses import request_scope
    from ministack.services import alb

    with request_scope(*place):
        listeners = {
            arn for arn, each in alb._listeners.items() if int(each["Port"]) == declared_port
        }
        rules = [each for each in alb._rules.values() if each["ListenerArn"] in listeners]
        for rule in sorted(rules, key=alb._rule_sort_key):
            plain, _, _query = path.partition("?")
            if all(
                alb._match_condition(_with_values(each), "GET", plain, headers, {})
                for each in rule["Conditions"]
            ):
                action = rule["Actions"][-1]
                group = _group_of(action)
                ports = [int(each["Port"]) for each in alb._targets.get(group, [])]
                if not ports:
                    raise NoAnswerError(503)
                return random.choice(ports)  # noqa: S311 - no secret
    raise NoAnswerError(404)


def _with_values(condition: dict[str, Any]) -> dict[str, Any]:
    """Bring a condition to the form that ministack matches by, whichever it was declared in."""
    for form in ("HostHeaderConfig", "PathPatternConfig"):
        if form in condition and not condition.get("Values"):
            return {**condition, "Values": condition[form]["Values"]}
    return condition


def _group_of(action: dict[str, Any]) -> str:
    if action["Type"] != "forward":
        raise NoAnswerError(int(action.get("FixedResponseConfig", {}).get("StatusCode", 404)))
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or [
        {"TargetGroupArn": action["TargetGroupArn"], "Weight": 1}
    ]
    weights = [int(group.get("Weight", 1)) for group in groups]
    if not any(weights):
        raise NoAnswerError(503)
    chosen = random.choices(groups, weights)[0]  # noqa: S311 - no secret
    return str(chosen["TargetGroupArn"])


def _ask(
    port: int, method: str, path: str, headers: Mapping[str, str], body: bytes | None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
    sent = {name: value for name, value in headers.items() if name not in OF_THE_CONNECTION}
    try:
        connection.request(method, path, body, {**sent, "x-forwarded-proto": "https"})
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        raise NoAnswerError(502) from None
    finally:
        connection.close()
    kept = {
        name: value for name, value in answer.getheaders() if name.lower() not in OF_THE_CONNECTION
    }
    return answer.status, kept, content
