"""The pager and Slack's channels, played by a server on loopback that keeps what it is posted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SLACK = "/slack/"
# What PagerDuty answers.
ACCEPTED = 202


@dataclass(frozen=True)
class Told:
    """One message: to the pager under the path of its address, or to a channel by its id."""

    channel: str
    path: str
    topic: str
    alarm: str
    state: str


@dataclass
class Subscribers:
    """What each was told, in order; `clock` is the file by which alarms are muted."""

    port: int
    clock: Path
    told: list[Told] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Answer until the end: to every message, with what PagerDuty answers."""
        server = _Server(("127.0.0.1", self.port), _Handler)
        server.told = self.told
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let it be another time for a while; what is muted now stays so until it is over."""
        self.turn(moment)
        try:
            yield
        finally:
            self.clock.unlink(missing_ok=True)

    def turn(self, moment: datetime) -> None:
        """Set the clock, at once and whole."""
        written = self.clock.with_suffix(".new")
        written.write_text(moment.isoformat(), "utf-8")
        written.replace(self.clock)

    def of(self, alarm: str, since: int = 0) -> list[Told]:
        """Return what was told of one alarm since so many messages."""
        return [each for each in self.told[since:] if each.alarm == alarm]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    told: list[Told]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Keep a message of SNS's, and accept it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        envelope = json.loads(body)
        message = _object(envelope.get("Message", ""))
        slack = self.path.startswith(SLACK)
        self.server.told.append(
            Told(
                self.path.removeprefix(SLACK) if slack else "pager",
                self.path,
                str(envelope.get("TopicArn", "")),
                str(message.get("AlarmName", "")),
                str(message.get("NewStateValue", "")),
            )
        )
        self.send_response_only(ACCEPTED)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its own signature
        """Say nothing."""


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
