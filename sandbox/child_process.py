"""Child processes that end with us: each in a process group of its own, which we end as a whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox.interruption import uninterrupted

GRACE_SECONDS = 10
LEASH = Path(__file__).with_name("leash.py")


def end_group(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """End a child and everything it started; at once and hard if it does not go by itself."""
    for kind, patience in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, GRACE_SECONDS)):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, kind)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()
    # Grandchildren that outlived their parent are still of its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def run_streaming(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    log: Path,
    on_line: Callable[[str], None],
) -> int:
    """Run a command, hand on each line it prints, keep them in `log`; return its exit code.

    Whatever interrupts this ends the command and all that it started; so does our own end, even by
    SIGKILL.
    """
    with log.open("w", encoding="utf-8") as kept:
        process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [sys.executable, "-I", "-S", str(LEASH), *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        try:
            for line in process.stdout or ():
                kept.write(line)
                on_line(line.rstrip())
            return process.wait()
        finally:
            with uninterrupted():
                end_group(process)


def last_lines(path: Path, count: int = 15) -> str:
    """Return the end of a log, indented, for an error message."""
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "  (no log)"
    kept = [line for line in lines if line.strip()][-count:]
    return "\n".join(f"  {line}" for line in kept) or "  (the log is empty)"
