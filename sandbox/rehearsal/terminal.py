"""One command of an operator at a terminal: what it prints, what is typed, Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.child_process import end_group
from sandbox.rehearsal.report import DrillError
from sandbox.rehearsal.service import until

# A release to its end, on a machine that does other things.
PATIENCE_SECONDS = 420
# As long as a command must have waited without a stir before somebody presses Ctrl-C.
REACTION_SECONDS = 0.3
SETTLING_SECONDS = 60
# A shell lets what it starts in the background ignore Ctrl-C, and so would all that we start.
HEARS_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class Terminal:
    """A command in a pseudo-terminal, as a context: whatever happens, it is ended with it."""

    def __init__(self, words: Sequence[str], variables: Mapping[str, str], folder: Path) -> None:
        """Start the command."""
        self.text = ""
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [sys.executable, "-I", "-S", "-c", HEARS_CTRL_C, *words],
            cwd=folder,
            env={**variables, "NO_COLOR": "1", "TERM": "dumb"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            process_group=0,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        """Return it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the command if it has not ended."""
        end_group(self._process)
        self._reader.join(10)
        os.close(self._master)

    def says(self, text: str) -> None:
        """Wait until the command has printed a text; raises DrillError if it ends without."""

        def said() -> bool:
            if text not in self.text and self._process.poll() is not None:
                self._reader.join(10)
                if text not in self.text:
                    raise DrillError(f"it ended without saying {text!r}: {self.text[-600:]}")
            return text in self.text

        until(said, f"{text!r} in what the command prints", PATIENCE_SECONDS)

    def answer(self, line: str) -> None:
        """Type a line."""
        os.write(self._master, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C while the command waits for something.

        Between what a program prints and its wait for an answer is a moment in which no system
        wakes it for a signal; how long it lasts is the machine's affair. A command that never
        waits that long is interrupted all the same.
        """
        deadline = time.monotonic() + SETTLING_SECONDS
        while not self._rests() and time.monotonic() < deadline:
            pass
        self._process.send_signal(signal.SIGINT)

    def _rests(self) -> bool:
        """Look for a while whether the command waits all along, or has ended."""
        before = _waits(self._process.pid)
        time.sleep(REACTION_SECONDS)
        return self._process.poll() is not None or (
            before is not None and _waits(self._process.pid) == before
        )

    def code(self) -> int:
        """Wait for the end of the command and return its exit code, as a shell tells it."""
        try:
            code = self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise DrillError(f"the command does not end: {self.text[-600:]}") from None
        self._reader.join(10)
        return code if code >= 0 else 128 - code

    def _read(self) -> None:
        # Linux answers EIO when the other side is closed.
        with contextlib.suppress(OSError):
            while content := os.read(self._master, 65536):
                self.text += content.decode(errors="replace").replace("\r\n", "\n")


def _waits(process: int) -> int | None:
    """Say in which of its waits a process's first thread is, by their number; None if it runs.

    The thread that Python hands a signal to is that one. One that could run, and only is not let
    by others, does not wait.
    """
    try:
        told = Path(f"/proc/{process}/task/{process}/status").read_text("utf-8")
    except OSError:
        return None
    facts = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    sleeps = facts["State"].strip().startswith("S")
    return int(facts["voluntary_ctxt_switches"]) if sleeps else None
