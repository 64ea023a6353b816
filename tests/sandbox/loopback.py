"""Ports of the loopback interface."""

from __future__ import annotations

import fcntl
import itertools
import os
import socket
import tempfile
from pathlib import Path
from typing import IO

# Below those that the system hands out to clients, so that none of these takes one meanwhile.
FIRST, LAST = 21000, 29999
_claimed: list[IO[str]] = []


def free_port() -> int:
    """Return a port that nobody listens on, and that no other test process is given."""
    folder = Path(tempfile.gettempdir()) / f"sandbox-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    start = FIRST + os.getpid() % (LAST - FIRST)
    for port in itertools.chain(range(start, LAST), range(FIRST, start)):
        claim = (folder / str(port)).open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        if not _is_free(port):
            claim.close()
            continue
        _claimed.append(claim)  # until this process ends
        return port
    raise RuntimeError(f"no port from {FIRST} to {LAST} is free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
