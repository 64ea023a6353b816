"""Ports that are given to one process at a time, however many ask at once."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from sandbox.claimed_port import FIRST, LAST, ClaimedPort
from tests.assembly import ROOT

CLAIMS = """
import sys
from sandbox import claimed_port
claimed_port.ClaimedPort._next = int(sys.argv[1])
print(claimed_port.free_port())
"""


def asked_from(number: int, temporary: Path) -> int:
    """Return what another process is given that begins to look there."""
    done = subprocess.run(
        [sys.executable, "-c", CLAIMS, str(number)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return int(done.stdout)


def test_a_port_is_one_process_s_before_anybody_listens_there(tmp_path: Path) -> None:
    mine = ClaimedPort()
    assert FIRST <= mine.number < LAST
    assert asked_from(mine.number, tmp_path) != mine.number
    mine.release()


def test_a_port_that_was_released_is_not_given_again_at_once() -> None:
    before = ClaimedPort()
    before.release()
    after = ClaimedPort()
    assert after.number != before.number
    after.release()


def test_a_port_that_somebody_listens_on_is_not_given() -> None:
    found = ClaimedPort()
    with socket.create_server(("127.0.0.1", found.number)):
        found.release()
        ClaimedPort._next = found.number
        other = ClaimedPort()
        assert other.number != found.number
        other.release()
