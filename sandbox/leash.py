"""Runs a command that must not outlive the process that started it: `leash.py COMMAND...`.

Standard input is a pipe that nobody writes to. It closes when that process goes, however it went,
SIGKILL included; then the whole process group is ended, this program and the command's children
with it. Stands alone, so that it starts in a blink.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

PATIENCE_SECONDS = 2


def main(command: list[str]) -> int:
    """Return the command's exit code, 128 more than the signal if one ended it."""
    # The signal goes to the whole group: the command's own end is what counts.
    came: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own caller's
    if came:
        # The command was not of the group yet, or not yet a program that could lose it.
        process.terminate()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    code = process.wait()
    return code if code >= 0 else 128 - code


def _end_with_stdin() -> None:
    while os.read(0, 1):
        pass
    group = os.getpgrp()
    os.killpg(group, signal.SIGTERM)
    time.sleep(PATIENCE_SECONDS)
    os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
