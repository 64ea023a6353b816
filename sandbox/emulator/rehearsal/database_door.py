"""The way of functions to the rehearsal's database: TLS in front of a PostgreSQL that has none.

As with `rds.force_ssl`: who does not ask for TLS is not served. PostgreSQL, and the passwords that
it asks for, are real.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import threading
from pathlib import Path

from sandbox.emulator.rehearsal.settings import RehearsalSettings

HOST = "127.0.0.1"
# The first message of a client that wants TLS: its length and a number in place of a version.
ASKS_FOR_TLS = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")
AGREED = b"S"
PATIENCE_SECONDS = 60


def open_door(settings: RehearsalSettings, context: ssl.SSLContext) -> None:
    """Listen on the door's port, and hand on to the database's socket."""
    where = settings.variables
    behind = Path(where["DATABASE_HOST"]) / f".s.PGSQL.{where['DATABASE_PORT']}"
    listening = socket.create_server((HOST, settings.database_door))
    threading.Thread(target=_accept, args=(listening, context, behind), daemon=True).start()


def _accept(listening: socket.socket, context: ssl.SSLContext, behind: Path) -> None:
    while True:
        client, _ = listening.accept()
        threading.Thread(target=_serve, args=(client, context, behind), daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, behind: Path) -> None:
    # Whoever breaks off, in the middle of a handshake or later, is gone.
    with contextlib.suppress(OSError), client:
        client.settimeout(PATIENCE_SECONDS)
        if client.recv(len(ASKS_FOR_TLS), socket.MSG_WAITALL) != ASKS_FOR_TLS:
            return
        client.sendall(AGREED)
        with (
            context.wrap_socket(client, server_side=True) as outside,
            socket.socket(socket.AF_UNIX) as inside,
        ):
            inside.connect(str(behind))
            _hand_on(outside, inside)


def _hand_on(outside: ssl.SSLSocket, inside: socket.socket) -> None:
    """Send what comes on either side to the other, until one has ended."""
    with selectors.DefaultSelector() as both:
        both.register(outside, selectors.EVENT_READ, inside)
        both.register(inside, selectors.EVENT_READ, outside)
        while True:
            for ready, _ in both.select():
                source = ready.fileobj
                assert isinstance(source, socket.socket)  # noqa: S101 - as registered
                data = source.recv(65536)
                # What TLS has decrypted already makes no socket readable.
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    data += source.recv(source.pending())
                if not data:
                    return
                ready.data.sendall(data)
