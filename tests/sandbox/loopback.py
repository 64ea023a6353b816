"""Ports of the loopback interface."""

from __future__ import annotations

import socket

from sandbox.claimed_port import free_port

__all__ = ["free_port", "listens"]


def listens(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
