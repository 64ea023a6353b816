"""A Sentry of a rehearsal's own, and the environment file that names it.

No environment has to have a project of Sentry for the drills: the commands get a copy of the
product's code with a file that has one, or has none, as the drill needs it.
"""

from __future__ import annotations

import json
import re
import shutil
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.emulator.rehearsal.certificates import CERTIFICATE, KEY

HOST = "sentry.io"
TOKEN_SECRET, TOKEN = "rehearsal-sentry-token", "of-the-rehearsal"
PROJECT = f"""
[services.{{key}}.sentry]
organisation = "rehearsal"
project = "{{key}}"
token_secret = "{TOKEN_SECRET}"

[secrets.{TOKEN_SECRET}]
mechanism = "operator_supplied"
rotation_days = 90
owner = "platform-engineering"
consumers = []
variables = []
unverifiable = "what answers to it in a rehearsal is a stand-in"
"""


def library(root: Path, folder: Path, environment: str, key: str, *, configured: bool) -> Path:
    """Copy the product's code with an environment file that names a project, or names none."""
    made = folder / ("with-sentry" if configured else "without-sentry")
    shutil.rmtree(made, ignore_errors=True)
    for part in ("runbook", "policies", "environments"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(root / part, made / part, ignore=left_out)
    path = made / "environments" / f"{environment}.toml"
    there = rf"(?m)^\[services\.{re.escape(key)}\.sentry\]\n(?:(?!\[).*\n?)*"
    text = re.sub(there, "", path.read_text("utf-8"))
    path.write_text(text + (PROJECT.format(key=key) if configured else ""), "utf-8")
    return made


@contextmanager
def sentry(certificates: Path, key: str, events: int) -> Iterator[tuple[dict[str, int], list[str]]]:
    """Answer as Sentry does: so many events in each ten seconds, to who has the token.

    Gives where its name leads, and the paths that were asked for.
    """
    server = _Server(("127.0.0.1", 0), _Handler)
    server.project, server.events, server.asked = key, events, []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / CERTIFICATE, certificates / KEY)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield {f"{HOST}:443": server.server_address[1]}, server.asked
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    project: str
    events: int
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer statistics of the project, and nothing else."""
        self.server.asked.append(self.path)
        path = f"/api/0/projects/rehearsal/{self.server.project}/stats/?"
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, {"detail": "Invalid token"})
        elif not self.path.startswith(path):
            self._answer(404, {"detail": "The requested resource does not exist"})
        else:
            asked = parse_qs(urlsplit(self.path).query)
            since, until = (int(asked[name][0]) for name in ("since", "until"))
            # As Sentry does: back from the end in its steps, each told by its begin.
            moments = sorted(moment // 10 * 10 for moment in range(until, since - 1, -10))
            self._answer(200, [[moment, self.server.events] for moment in moments])

    def _answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its own signature
        """Say nothing."""
