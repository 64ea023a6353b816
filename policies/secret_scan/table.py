"""The second judge: shapes that our table knows, and random text under a secret's name.

It knows what secretlint does not: keys of Persona, PagerDuty, Sentry and Google, JSON Web Tokens,
and keys without a shape, as Checkr's and the tokens that we make ourselves.
"""

import re
from collections.abc import Iterator

from policies.lookups.secret_values import KINDS, random_text, says_secret, shapes_in
from policies.secret_scan.found import Found, digest_of
from policies.secret_scan.texts import Piece

NAMED = "random text under the name of a secret"
ALL_KINDS = (*KINDS, NAMED)
_WORDS = ("password", "passwd", "passphrase", "token", "secret", "key", "dsn", "credential")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# It names a secret and holds none, though colons in it look as if they assigned something.
_ARN = re.compile(r"\barn:[\w-]+:[^\s\"',]*")
_NAME_BEGINS = re.compile(r"[\w.-]{0,60}\Z", re.ASCII)
# A hole in a format string, where the password of an address will stand.
_HOLE = re.compile(r":\{[^{}]*\}@\Z")
# The rest of the name from the word on, what assigns, and the value up to its end: within quotes,
# a password's punctuation is its own.
_ASSIGNED = re.compile(
    r"(?P<rest>[\w.-]{0,80})[\"'`\]]{0,2}[ \t]*(?::=|=>|[:=])[ \t]*(?:"
    r"[bfr]{0,2}(?P<quote>[\"'`])(?P<quoted>(?:(?!(?P=quote))\S){24,512})(?P=quote)"
    r"|(?P<bare>[^\s\"'`,;<>]{24,512}))",
    re.ASCII,
)
_PUNCTUATION = re.compile(r"[^\w+/=-]", re.ASCII)


def found_in(piece: Piece) -> Iterator[Found]:
    """List what our table finds in a piece, and the next piece does not."""
    for kind, begin, end in (*shapes_in(piece.text), *_named(piece.text)):
        value = piece.text[begin:end]
        if begin < piece.kept and not _HOLE.search(value):
            yield Found(piece.source, piece.line_of(begin), kind, digest_of(value))


def _named(text: str) -> Iterator[tuple[str, int, int]]:
    """Find values that are assigned to a name which says that they are secret."""
    text = _ARN.sub(lambda arn: "?" * len(arn[0]), text) if "arn:" in text else text
    # Lower case may be longer than what it is of, beyond ASCII.
    lower = (text if text.isascii() else _BEYOND_ASCII.sub("?", text)).lower()
    for word in _WORDS:
        at = lower.find(word)
        while at >= 0:
            assigned = _ASSIGNED.match(text, at)
            if assigned:
                before = _NAME_BEGINS.search(text[max(0, at - 60) : at])
                name = (before[0] if before else "") + assigned["rest"]
                part = "quoted" if assigned["quote"] else "bare"
                if says_secret(name) and _random(assigned[part], name):
                    yield NAMED, *assigned.span(part)
            at = lower.find(word, at + 1)


def _random(value: str, name: str) -> bool:
    """Tell random text, with punctuation in it or without."""
    return random_text(value, name) or random_text(_PUNCTUATION.sub("", value), name)
