"""What all parts of the document are written with: tokens, markup, properties, uuids."""

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from runbook.model.refusal import Refusal, RefusedError

Part = dict[str, Any]

# An identifier, as OSCAL wants one for properties of others than NIST. Nothing is served there.
NAMESPACE = "https://runbook.invalid/ns/oscal"
# Every uuid descends from it: another one would give everything another uuid.
_UUIDS = UUID("5d0c1b0e-6f3a-5c55-9a52-0c4f6f3f8f1d")
# What Markdown reads as more than itself.
_MARKUP = re.compile(r"[\\`*_\[\]<>{}~^&]")
_PLAIN = re.compile(r"[A-Za-z0-9.-]")
_FIRST = re.compile(r"[A-Za-z]")
_ESCAPED = re.compile(r"_([0-9a-f]*)_")


class Uuids:
    """The uuids of one environment's document: version 5, so that a thing keeps its own.

    A key that comes again, such as a second waiver of the same rules, gets another uuid.
    """

    def __init__(self, environment: str) -> None:
        self._namespace = uuid5(_UUIDS, json.dumps(environment))
        self._given: Counter[str] = Counter()

    def new(self, kind: str, *key: str) -> str:
        """Give a thing its uuid, from what it is and what names it."""
        name = json.dumps([kind, *key])
        self._given[name] += 1
        again = self._given[name] - 1
        return str(uuid5(self._namespace, f"{name}{again}" if again else name))


def token(text: str) -> str:
    """Write an id as OSCAL's tokens are; ``original`` reads it back.

    Letters, digits, dots and hyphens stay; a space is ``__`` and any other character its code
    point: ``HIPAA 164.312(b)`` becomes ``HIPAA__164.312_28_b_29_``.
    """
    return "".join(
        each if (_FIRST if at == 0 else _PLAIN).fullmatch(each) else _escaped(each)
        for at, each in enumerate(text)
    )


def original(written: str) -> str:
    """Read the id that ``token`` wrote."""
    return _ESCAPED.sub(lambda found: chr(int(found[1] or "20", 16)), written)


def _escaped(character: str) -> str:
    return "__" if character == " " else f"_{ord(character):x}_"


def line(text: str) -> str:
    """Write a text as OSCAL's strings are: one line, without space around it."""
    return " ".join(_written(text).split())


def markup(text: str) -> str:
    """Write a text so that it reads the same where OSCAL has Markdown."""
    return _MARKUP.sub(r"\\\g<0>", _written(text)).strip()


def title(text: str) -> str:
    """Write a text as OSCAL's titles are: one line of Markdown."""
    return markup(line(text))


def _written(text: str) -> str:
    """Spell out what UTF-8 cannot carry: half of a surrogate pair."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def prop(name: str, value: object) -> Part:
    """Write a property of ours; an empty value gives an empty part."""
    said = line(str(value))
    return {"name": name, "ns": NAMESPACE, "value": said} if said else {}


def props(*each: Part) -> list[Part]:
    """Keep the properties that say something."""
    return [one for one in each if one]


def present(**fields: object) -> Part:
    """Keep what is there, in order: OSCAL has no empty lists. ``_`` in names stands for ``-``."""
    return {
        name.replace("_", "-"): value
        for name, value in fields.items()
        if value is not None and value not in ("", [], {})
    }


def bullets(sentences: tuple[str, ...]) -> str:
    """List sentences in Markdown."""
    return "\n".join(f"- {title(each)}" for each in sentences if line(each))


def instant(text: str, what: str) -> str:
    """Write a date and time; ``what`` says whose it is.

    Raises ``RefusedError`` for what is none, or has no time zone: OSCAL has no time without.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        reason = f"{text!r} is no date and time with a time zone"
        fix = "write it in ISO 8601 with a zone: 2026-05-04T03:02:01Z"
        raise RefusedError("OSCAL", [Refusal(what, reason, fix)])
    return read.isoformat()
