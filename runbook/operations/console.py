"""What an operator sees and answers; JSON for machines, colour on a terminal only."""

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from runbook.model.printable import printable

_COLOURS = {"bad": "31", "good": "32", "warn": "33", "head": "1"}


class Console:
    """Progress and questions.

    With ``as_json`` the standard output carries one JSON object, and progress goes to the other.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        stdin: TextIO | None = None,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.as_json = as_json
        # Python has None for a stream that was closed before it began.
        self._in = stdin or sys.stdin or _closed()
        self._out = stdout or sys.stdout or _closed()
        self._err = stderr or sys.stderr or _closed()

    @property
    def can_ask(self) -> bool:
        """Whether somebody sits there who could answer."""
        streams = (self._in, self._progress)
        return not any(s.closed for s in streams) and all(s.isatty() for s in streams)

    def say(self, text: str, style: str = "") -> None:
        """Print lines for people."""
        self._write(self._progress, text, style)

    def step(self, text: str) -> None:
        """Print one line of progress, with the time."""
        self.say(f"{datetime.now(UTC):%H:%M:%S}  {text}")

    def complain(self, text: str) -> None:
        """Print what went wrong, for people."""
        self._write(self._err, text, "bad")

    def answer(self, result: Mapping[str, object]) -> None:
        """Print the result for machines; nothing when people read."""
        if self.as_json:
            self._write(self._out, json.dumps(result, indent=2, default=str))

    def ask(self, question: str) -> str:
        """Ask, and wait for a line."""
        self._write(self._progress, question, end=" ")
        return self._in.readline().strip()

    @property
    def _progress(self) -> TextIO:
        return self._err if self.as_json else self._out

    def _write(self, stream: TextIO, text: str, style: str = "", *, end: str = "\n") -> None:
        if stream.closed:
            return
        try:
            stream.write(self._styled(_printable(text, stream), style, stream) + end)
            stream.flush()
        except OSError:
            # Whoever read is gone, with a pipe or a terminal; what was begun is still recorded.
            with suppress(OSError):
                stream.close()

    @staticmethod
    def _styled(text: str, style: str, stream: TextIO) -> str:
        if not style or not stream.isatty() or "NO_COLOR" in os.environ:
            return text
        return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def _closed() -> TextIO:
    stream = io.StringIO()
    stream.close()
    return stream


def _printable(text: str, stream: TextIO) -> str:
    """Escape what the stream has no letter for, and what would steer a terminal.

    Reasons, names and events are other people's words, and none of them may end a command half-way.
    """
    shown = printable(text, kept="\n\t")
    encoding = stream.encoding or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)
