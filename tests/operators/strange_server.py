"""A server on this machine that answers as it is told, also as no server should."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import urllib3

Respond = Callable[[socket.socket, threading.Event], None]
_A_MOMENT = 0.01
# A head that never ends, in one line: a hundred short ones are as many as a client takes.
ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\nX-More: "


@dataclass
class StrangeServer:
    """Listens at ``port``; ``asked`` is what it was asked, word for word.

    ``heard`` is set from the first question on: who asks and does not wait may have asked later.
    """

    port: int
    asked: list[str] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)

    def hear(self, connection: socket.socket) -> None:
        """Take a question."""
        self.asked.append(connection.recv(65536).decode(errors="replace"))
        self.heard.set()


def wait_for_threads(pool: urllib3.PoolManager) -> None:
    """Let connections wait for a busy machine's threads: the time of the whole question is left."""
    pool.connection_pool_kw["timeout"] = 60


@contextmanager
def serving(respond: Respond, tls: ssl.SSLContext | None = None) -> Iterator[StrangeServer]:
    """Answer each connection with ``respond``, which is told when it is to stop."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = StrangeServer(listening.getsockname()[1])

        def serve() -> None:
            while not over.is_set():
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    if not over.is_set():
                        with _secured(connection, tls) as talk:
                            server.hear(talk)
                            respond(talk, over)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server
        over.set()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", server.port)).close()
        thread.join()


def _secured(connection: socket.socket, tls: ssl.SSLContext | None) -> socket.socket:
    return tls.wrap_socket(connection, server_side=True) if tls else connection


def says(status: str, body: bytes = b"", *headers: str) -> Respond:
    """Answer with a status and a body, as servers do."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return writes("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def writes(text: bytes) -> Respond:
    """Write that and hang up."""
    return lambda connection, _: connection.sendall(text)


def drips(before: bytes, drop: bytes) -> Respond:
    """Write something at once, and then a drop now and then, for ever."""

    def respond(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(before)
        while not over.wait(_A_MOMENT):
            connection.sendall(drop)

    return respond


def silent(_: socket.socket, over: threading.Event) -> None:
    """Say nothing at all."""
    over.wait()
