"""Finds ``force-new-deployment``, however it is written."""

import re
import string
from functools import lru_cache

_WANTED = b"forcenewdeployment"
_NOT_LETTERS = bytes(set(range(256)) - set(string.ascii_lowercase.encode()))
_CODED = re.compile(r"\\+(?:u([0-9a-f]{4})|x([0-9a-f]{2}))", re.IGNORECASE)
_ESCAPED = re.compile(r"\\+[bfnrt\"'/]")


@lru_cache(maxsize=8192)
def is_forced(text: str | bytes) -> bool:
    """Tell whether a text names a forced deployment.

    Letters alone count, whatever their case: hyphens, quotes, line breaks, escapes of JSON and
    sums of strings between them hide nothing.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    if "\\" not in text:
        return _WANTED in _letters(text)
    plain = _CODED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    # `\n` is a line break within JSON, and the start of a word behind a shell's line break.
    return any(_WANTED in _letters(form) for form in (plain, _ESCAPED.sub("", plain)))


def _letters(text: str) -> bytes:
    return text.lower().encode("utf-8", "replace").translate(None, _NOT_LETTERS)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")
