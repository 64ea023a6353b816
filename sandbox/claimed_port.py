"""Ports of loopback that nobody listens on, each given to one of our processes at a time."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO

# Below those that the system hands out to clients, so that none of these takes one meanwhile.
FIRST, LAST = 21000, 29999
# One folder for all, wherever a process is told to put its own temporary files.
CLAIMS = Path("/tmp")  # noqa: S108 - its files hold nothing; their locks alone count
_kept: list[ClaimedPort] = []


class ClaimedPort:
    """A port that no other process is given until it is released, or its owner has ended."""

    # The one after the last: who still knows a port that was released does not find another there.
    _next = FIRST + os.getpid() % (LAST - FIRST)

    def __init__(self) -> None:
        """Claim one; raises RuntimeError if none is free."""
        folder = CLAIMS / f"sandbox-ports-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        for number in (*range(ClaimedPort._next, LAST), *range(FIRST, ClaimedPort._next)):
            if claim := _claim(folder, number):
                self.number: int = number
                self._claim = claim
                ClaimedPort._next = number + 1
                return
        raise RuntimeError(f"no port from {FIRST} to {LAST} is free")

    def release(self) -> None:
        """Let others have it."""
        self._claim.close()


def free_port() -> int:
    """Return a port that is this process's until it ends."""
    _kept.append(ClaimedPort())
    return _kept[-1].number


def _claim(folder: Path, number: int) -> IO[str] | None:
    """Return a locked file that stands for a port; None if somebody else has or uses it."""
    claim = (folder / str(number)).open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", number))
    except OSError:
        claim.close()
        return None
    return claim
