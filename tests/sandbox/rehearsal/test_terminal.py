"""A command at a terminal: it is one, it is answered, Ctrl-C reaches it, and it ends with us."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.rehearsal.report import DrillError
from sandbox.rehearsal.terminal import Terminal
from tests.sandbox.patience import SECONDS

ASKS = """
import sys, time
assert sys.stdin.isatty() and sys.stdout.isatty()
print("Go on?", end=" ", flush=True)
print("you said " + input())
time.sleep(60)
"""


def opened(tmp_path: Path, program: str) -> Terminal:
    variables = {"PATH": os.environ["PATH"]}
    return Terminal([sys.executable, "-c", program], variables, tmp_path)


@pytest.fixture(params=[signal.SIG_DFL, signal.SIG_IGN], ids=["foreground", "background"])
def started(request: pytest.FixtureRequest) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, request.param)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("started")
def test_it_is_answered_and_interrupted_wherever_we_were_started(tmp_path: Path) -> None:
    with opened(tmp_path, ASKS) as terminal:
        terminal.says("Go on?")
        terminal.answer("y")
        terminal.says("you said y")
        terminal.interrupt()
        assert terminal.code() == 130
    assert "KeyboardInterrupt" in terminal.text


def test_what_ends_without_saying_it_is_told(tmp_path: Path) -> None:
    with (
        opened(tmp_path, "print('something else')") as terminal,
        pytest.raises(DrillError, match=r"ended without saying 'Go on\?': something else"),
    ):
        terminal.says("Go on?")


def test_a_command_that_does_not_end_is_told_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.rehearsal.terminal.PATIENCE_SECONDS", 0.1)
    with (
        opened(tmp_path, "import time; time.sleep(60)") as terminal,
        pytest.raises(DrillError, match="does not end"),
    ):
        terminal.code()
    assert terminal.code() == 128 + signal.SIGTERM


# Says that it waits, and does so only later; a Ctrl-C in between is kept from it, as by a system
# that has not got so far.
DEAF = """
import signal, sys, time
print("Go on?", end=" ", flush=True)
signal.signal(signal.SIGINT, signal.SIG_IGN)
end = time.monotonic() + 1.5
while time.monotonic() < end:
    pass
signal.signal(signal.SIGINT, signal.default_int_handler)
input()
"""


def test_ctrl_c_comes_when_the_command_waits_however_late_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.rehearsal.terminal.PATIENCE_SECONDS", SECONDS)
    with opened(tmp_path, DEAF) as terminal:
        terminal.says("Go on?")
        terminal.interrupt()
        assert terminal.code() == 130


def test_ctrl_c_comes_to_a_command_that_never_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.rehearsal.terminal.SETTLING_SECONDS", 0)
    with opened(tmp_path, "print('begun', flush=True)\nwhile True: pass") as terminal:
        terminal.says("begun")
        terminal.interrupt()
        assert terminal.code() == 130
