"""A secret's new value, as an operator gives it: on the standard input, never on a command line."""

import getpass
import sys
from dataclasses import dataclass, field
from typing import TextIO

from runbook.model.refusal import Refusal, RefusedError

# What Secrets Manager takes, in bytes of UTF-8.
LONGEST = 65536


@dataclass(frozen=True)
class Supplied:
    """The value; whoever prints this prints nothing of it."""

    text: str = field(repr=False)


def read_value(stdin: TextIO | None = None) -> Supplied:
    """Read it; a terminal is asked without echo. Raises ``RefusedError``, which repeats none."""
    stream = stdin or sys.stdin
    if stream is None or stream.closed:
        raise _refused("the standard input is closed")
    try:
        text = getpass.getpass("New value: ") if stream.isatty() else stream.read(LONGEST + 3)
    except (OSError, EOFError, UnicodeDecodeError):
        # What Python says of a wrong byte repeats those around it.
        raise _refused("it could not be read as text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    why = _unusable(text)
    if why:
        raise _refused(why)
    return Supplied(text)


def _unusable(text: str) -> str:
    if not text:
        return "it is empty"
    if len(text.encode("utf-8", "replace")) > LONGEST:
        return f"it has more than the {LONGEST} bytes that Secrets Manager takes"
    if any(letter.isspace() for letter in text):
        return "there is white space in it, which no key has: it may be more than the key"
    # It travels in a header, and in an environment variable.
    return "" if text.isascii() and text.isprintable() else "it has letters that no key has"


def _refused(why: str) -> RefusedError:
    fix = "give the key alone, such as: runbook rotate ... --value-stdin < FILE"
    return RefusedError("the new value", [Refusal("--value-stdin", why, fix)])
