"""Finds ``force-new-deployment``, however it is written."""

import re
import string
from functools import lru_cache

_WANTED = b"forcenewdeployment"
_NOT_LETTERS = bytes(set(range(256)) - set(string.ascii_lowercase.encode()))
_CODED = re.compile(r"\\+(?:u([0-9a-f]{4})|x([0-9a-f]{2}))", re.IGNORECASE)
_ESCAPED = re.compile(r"\\+[bfnrt\"'/]")
# The AWS CLI takes any beginning of an option that no other option of the command has: `--f` is
# enough (argparse's `allow_abbrev`, which awscli/argparser.py leaves on), and so is `--no-f`.
_OPTION = "force-new-deployment"
_COMMAND = "update-service"
_SHORT = re.compile(r"--(?:no-)?(f[a-z-]*)(?![\w-])")
# From here on it can be no option of another command, such as `--force` of many.
_TELLING = len("force-n")
_NEEDED = (b"forcen", b"updateservice")
_JOINTS = re.compile(r"\\+\r?\n|[\"'`]")


@lru_cache(maxsize=8192)
def is_forced(text: str | bytes) -> bool:
    """Tell whether a text names a forced deployment.

    Letters alone count, whatever their case: hyphens, quotes, line breaks, escapes of JSON and
    sums of strings between them hide nothing. Beginnings of the option that the AWS CLI would
    take count, too; those shorter than ``--force-n`` only beside ``update-service``.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    if "\\" not in text:
        return _names_it(text)
    plain = _CODED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    # `\n` is a line break within JSON, and the start of a word behind a shell's line break.
    return any(_names_it(form) for form in (plain, _ESCAPED.sub("", plain)))


def _names_it(text: str) -> bool:
    letters = _letters(text)
    if _WANTED in letters:
        return True
    # Most texts have none of what the option cut short would need: nobody looks further.
    may_be = any(needed in letters for needed in _NEEDED)
    return may_be and "--" in text and _is_shortened(text.lower())


def _is_shortened(text: str) -> bool:
    """Look for the option cut short, as a word of its own."""
    plain = _JOINTS.sub("", text)
    found = [short[1] for short in _SHORT.finditer(plain) if _OPTION.startswith(short[1])]
    # Where in the text the command stands tells nothing: variables and functions come between.
    return any(len(short) >= _TELLING for short in found) or bool(found and _COMMAND in plain)


def _letters(text: str) -> bytes:
    return text.lower().encode("utf-8", "replace").translate(None, _NOT_LETTERS)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")
