"""A container as a local process: it ends with the emulator, and its lines go where they must."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).resolve().parents[2] / "leash.py"
# Of the emulator's own environment, what a process needs to start at all.
INHERITED = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ")


class ContainerProcess:
    """One command; `on_line` is told each line it prints, `on_exit` its exit code, once."""

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        folder: Path,
        on_line: Callable[[str], None],
        on_exit: Callable[[int], None],
    ) -> None:
        """Start it; raises OSError if that is not possible."""
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - an image's command, no shell
            [sys.executable, "-I", "-S", str(LEASH), *command],
            cwd=folder,
            env=inherited | dict(variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )
        self._on_line, self._on_exit = on_line, on_exit
        self._ended = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return not self._ended.is_set()

    def stop(self, patience_seconds: float) -> None:
        """Send SIGTERM, and SIGKILL to what is left after the patience, as ECS does."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            if self._ended.is_set():
                return
            try:
                os.killpg(self._process.pid, kind)
            except ProcessLookupError:
                break
            if self._ended.wait(patience_seconds):
                return
        self._ended.wait(patience_seconds)

    def _follow(self) -> None:
        try:
            for line in self._process.stdout or ():
                self._on_line(line.rstrip("\n"))
        finally:
            code = self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    stream.close()
            # 128 more than the signal, as a container's exit code says it.
            self._on_exit(code if code >= 0 else 128 - code)
            self._ended.set()
