"""Waiting for what must come, with a deadline that a busy machine keeps, too."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import IO

SECONDS = 180


def eventually(condition: Callable[[], object], what: str, seconds: float = SECONDS) -> None:
    """Return as soon as the condition holds; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} seconds"
        time.sleep(0.05)


def line_with(stream: IO[str], text: str, seconds: float = SECONDS) -> str:
    """Read lines up to one that holds the text; fails at the stream's end or after the deadline."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in iter(stream.readline, ""):
            lines.put(line)
            if text in line:
                return
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    deadline = time.monotonic() + seconds
    while True:
        try:
            line = lines.get(timeout=max(0, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"no line with {text!r} within {seconds} seconds") from None
        assert line, f"it ended without a line with {text!r}"
        if text in line:
            return line
