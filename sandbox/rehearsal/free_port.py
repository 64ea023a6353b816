"""A port of loopback that nothing listens on."""

from __future__ import annotations

import socket


def free_port() -> int:
    """Return one; somebody else could take it before it is used."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
