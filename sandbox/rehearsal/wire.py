"""The wire between an operator's commands and AWS: it can hold, lose or refuse a call.

Only what the commands call goes over it; the pipeline, the deployed functions and the drills
themselves have their own way to the emulator.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.rehearsal.report import DrillError

HOST = "127.0.0.1"
# For a command that starts, asks and answers, on a machine that does other things.
PATIENCE_SECONDS = 240
OF_THE_CONNECTION = {"connection", "content-length", "keep-alive", "transfer-encoding"}
DENIED = (
    b"<Error><Code>AccessDenied</Code><Message>not authorized to perform: s3:PutObject</Message>"
    b"</Error>"
)


@dataclass
class Hold:
    """One call that is held between the command and AWS, and what becomes of it."""

    action: str
    _reached: threading.Event = field(default_factory=threading.Event)
    _decided: threading.Event = field(default_factory=threading.Event)
    _arrives: bool = False

    def reached(self) -> None:
        """Wait until the command makes the call; raises DrillError."""
        if not self._reached.wait(PATIENCE_SECONDS):
            raise DrillError(f"the command did not call {self.action}")

    def decide(self, *, arrives: bool) -> None:
        """Let AWS have the call, or let it be lost on the way."""
        self._arrives = arrives
        self._decided.set()

    def stand(self) -> bool:
        """Hold the call until it is decided; return whether it arrives."""
        self._reached.set()
        self._decided.wait(PATIENCE_SECONDS)
        return self._arrives


class Wire:
    """A proxy on loopback before the emulator; `calls` are the actions that went over it."""

    def __init__(self, emulator: str) -> None:
        """Listen; `emulator` is its URL."""
        place = urlsplit(emulator)
        self.emulator = (str(place.hostname), int(place.port or 80))
        self.calls: list[str] = []
        self._holds: list[Hold] = []
        self._denied: set[str] = set()
        self._one_at_a_time = threading.Lock()
        self._server = _Server((HOST, 0), _Handler)
        self._server.wire = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where commands find AWS."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def close(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def holding(self, action: str) -> Iterator[Hold]:
        """Hold the next call of an action; it is lost unless somebody decides otherwise."""
        hold = Hold(action)
        self._holds.append(hold)
        try:
            yield hold
        finally:
            hold.decide(arrives=hold._arrives)
            with self._one_at_a_time:
                if hold in self._holds:
                    self._holds.remove(hold)

    @contextmanager
    def denying(self, action: str) -> Iterator[None]:
        """Refuse every call of an action of S3, as a policy would."""
        self._denied.add(action)
        try:
            yield
        finally:
            self._denied.discard(action)

    def passes(self, action: str) -> tuple[bool, bool]:
        """Note a call, and return whether it arrives, and whether it is denied."""
        self.calls.append(action)
        if action in self._denied:
            return True, True
        hold = self._taken(action)
        return (hold.stand() if hold else True), False

    def _taken(self, action: str) -> Hold | None:
        """Take out the hold that waits for an action: it holds one call."""
        with self._one_at_a_time:
            hold = next((each for each in self._holds if each.action == action), None)
            if hold:
                self._holds.remove(hold)
            return hold


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    wire: Wire


class _Handler(BaseHTTPRequestHandler):
    """Sends one call on and its answer back."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def _forward(self) -> None:
        body = self._body()
        action = action_of(self.command, self.path, self.headers.get("X-Amz-Target", ""), body)
        arrives, denied = self.server.wire.passes(action)
        if not arrives:
            self.close_connection = True
        elif denied:
            self._answer(403, {"Content-Type": "application/xml"}, DENIED)
        else:
            self._answer(*self._asked(body))

    def _asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(
            *self.server.wire.emulator, timeout=PATIENCE_SECONDS
        )
        sent = {k: v for k, v in self.headers.items() if k.lower() not in OF_THE_CONNECTION}
        try:
            connection.request(self.command, self.path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in OF_THE_CONNECTION}
        return answer.status, kept, content

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        try:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
        except ConnectionError:
            # Who called was interrupted meanwhile: the call arrived, and its answer is lost.
            self.close_connection = True

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        """Read a body whose length nobody told before; raises DrillError on one that breaks off."""
        while size := self._size():
            chunk = self.rfile.read(size)
            if len(chunk) < size or self.rfile.readline() != b"\r\n":
                raise DrillError(f"a body in chunks broke off: {self.command} {self.path}")
            yield chunk
        # Behind the last one may stand more headers.
        while self.rfile.readline().strip():
            pass

    def _size(self) -> int:
        line = self.rfile.readline().partition(b";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            raise DrillError(f"no size of a chunk but {line!r}: {self.path}") from None

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _forward  # noqa: N815 - http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - its own signature
        """Say nothing."""


def action_of(method: str, path: str, target: str, body: bytes) -> str:
    """Name the action of a call in any of the protocols that the commands speak."""
    if target:
        return target.rpartition(".")[2]
    place = urlsplit(path)
    if "/operation/" in place.path:
        return place.path.rpartition("/")[2]
    if method == "POST" and body.startswith((b"Action=", b"Version=")):
        return parse_qs(body.decode())["Action"][0]
    is_object = place.path.strip("/").count("/") > 0
    return f"{method.capitalize()}{'Object' if is_object else 'Bucket'}"
