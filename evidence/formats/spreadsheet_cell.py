"""Text of a CSV's cell that no spreadsheet takes for a formula.

A cell that begins with ``=``, ``+``, ``-`` or ``@`` (their full-width forms, too, and behind
blanks), or with a tab, CR or LF, gets an apostrophe in front; so does one that begins with an
apostrophe itself. So nothing is lost: take one apostrophe off every cell that begins with one.
OWASP, "CSV Injection".
"""

import re
from functools import lru_cache

_TAKEN_FOR_A_FORMULA = re.compile(r"[\t\r\n']|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_begins_as_one = _TAKEN_FOR_A_FORMULA.match


# Most cells stand in many rows, and in both files.
@lru_cache(maxsize=65_536)
def harmless(text: str) -> str:
    """Give the text for a cell, with an apostrophe in front where a spreadsheet would calculate."""
    return f"'{text}" if _begins_as_one(text) else text


def as_utf8(text: str) -> bytes:
    r"""Encode a file; half a surrogate pair, which UTF-8 cannot hold, becomes ``\udXXX``."""
    return text.encode("utf-8", "backslashreplace")
