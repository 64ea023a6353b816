"""The first signal ends a command in good order, and one that comes with it cuts nothing short."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.assembly import ROOT
from tests.sandbox.patience import SECONDS

# Both signals are there before the program can do anything about the first.
PROGRAM = """
import os, signal, sys
from sandbox.interruption import SIGNALS, Interrupted, uninterrupted, unwind_on_signals
for number in SIGNALS:
    signal.signal(number, signal.SIG_DFL)
unwind_on_signals()
try:
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for number in sys.argv[1:]:
            os.kill(os.getpid(), int(number))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    finally:
        with uninterrupted():
            os.kill(os.getpid(), signal.SIGTERM)
            print("ended")
except Interrupted as interrupted:
    sys.exit(interrupted.exit_code)
"""


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_with_the_first_is_ignored(second: signal.Signals) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(signal.SIGINT.value), str(second.value)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout) == (130, "ended\n")
    assert done.stderr == "\nsandbox: ending ...\n"
