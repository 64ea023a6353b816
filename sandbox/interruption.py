"""Ctrl-C, SIGTERM and SIGHUP: the first ends the command in good order, and no other cuts it short.

Knows nothing but the standard library, so that it works before anything else is imported.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """A signal came: unwind, and end all that was started.

    Not KeyboardInterrupt, which the command line's library would take for its own.
    """

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit code by which a shell knows of the signal."""
        return 128 + self.number

    def __str__(self) -> str:
        """Say how the command ended."""
        return f"sandbox: {_word(self.number)}; all that it had started is ended"


def exit_on_signals() -> None:
    """End at once: nothing is started yet. An exception could be lost amid the imports."""
    _handle(_exit)


def unwind_on_signals() -> None:
    """Let each signal raise Interrupted."""
    _handle(_interrupt)


def ignore_signals() -> None:
    """Let no signal disturb what is left to do."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """End something to its end: signals that come meanwhile are ignored."""
    before = {number: signal.signal(number, _nothing) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _handle(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in SIGNALS:
        # What the caller has ignored stays so: nohup stays nohup.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # At once: another may be there before the first `finally` is.
    _handle(_nothing)
    # Not print: the signal may have come in the midst of one.
    os.write(2, b"\nsandbox: ending ...\n")
    raise Interrupted(number)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: of a signal that came already, and is ignored only then, Python tells aloud."""


def _exit(number: int, _frame: FrameType | None) -> None:
    os.write(2, f"\nsandbox: {_word(number)}; nothing was started\n".encode())
    os._exit(128 + number)


def _word(number: int) -> str:
    return "interrupted" if number == signal.SIGINT else "terminated"
