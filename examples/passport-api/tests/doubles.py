"""Stand-ins for what lies outside: the licence registry, a failing network, Sentry's server."""

import contextlib
import http.server
import json
import socket
import threading
import time
from types import TracebackType
from typing import Any, Self

from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

# Seconds after which the service no longer waits for one of these; who answers does so much sooner.
GIVES_UP = 3.0


class Registry:
    """Answers every POST with `state`, `status` and after `delay` seconds; keeps what it got."""

    def __init__(self) -> None:
        self.state = "active"
        self.status = 200
        self.delay = 0.0
        self.asked: list[dict[str, Any]] = []
        self.shown: list[str | None] = []
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                registry.shown.append(self.headers["authorization"])
                registry.asked.append(json.loads(self.rfile.read(length)))
                time.sleep(registry.delay)
                body = json.dumps({"state": registry.state}).encode()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(registry.status)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/licences"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class Provider:
    """A vendor on loopback: answers every POST with `body`, `status` and after `delay` seconds."""

    def __init__(self, body: object) -> None:
        self.body = body
        self.status = 200
        self.delay = 0.0
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                headers = {name.lower(): value for name, value in self.headers.items()}
                provider.asked.append((self.path, headers, json.loads(self.rfile.read(length))))
                time.sleep(provider.delay)
                body = json.dumps(provider.body).encode()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(provider.status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class Network:
    """A TCP port in front of PostgreSQL's Unix socket that can fall silent, as networks do."""

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self.silent = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for connection in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._socket_path)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


class SentryServer(Transport):
    """Keeps the events that would go to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self.events.append(dict(event))
