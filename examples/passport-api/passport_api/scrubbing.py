"""Takes PHI out of anything before it is written (ROVN-LOG-1).

Two nets: values under a known field name go whole, and whatever looks like an identifier goes from
every text. It rather loses a harmless number than keeps a harmful one. A bare name in free text
cannot be recognised, so names belong in fields.
"""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel

REDACTED = "[REDACTED]"

# fmt: off
PHI_FIELDS = frozenset({
    "name", "surname", "firstname", "lastname", "fullname",
    "ssn", "social_security", "npi", "mrn", "medical_record", "license_number", "licence_number",
    "dob", "date_of_birth", "birth_date", "birthdate", "birthday",
    "email", "phone", "telephone", "mobile", "fax", "address", "street", "zip", "zipcode",
    "postal_code", "postcode",
    "patient", "nurse", "diagnosis",
    # No PHI, but nothing to write either
    "password", "secret", "token", "authorization", "cookie", "dsn",
})
# fmt: on

_MAXIMUM_DEPTH = 12
_DASH = "\\-\u2010-\u2015\u2212"
_SEPARATOR = rf"[\s.{_DASH}]"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_EMAIL_LOCAL = r"\w.!#$%&'*+/=?^`{|}~-"

_IDENTIFIERS = re.compile(
    "|".join(
        (
            # The look-behind and the possessive repeat keep this linear on long lines.
            rf"(?<![{_EMAIL_LOCAL}])[{_EMAIL_LOCAL}]++@[\w-]+(?:\.[\w-]+)*",
            # International phone number
            rf"\+\d(?:[\s().{_DASH}/]*\d){{6,14}}",
            # Undashed numbers: social security, NPI, phone, record numbers; whole, so before
            # the patterns that would take a part
            r"\d{9,}",
            # Phone number with an area code
            rf"\(?\d{{3}}\)?{_SEPARATOR}*\d{{3}}{_SEPARATOR}*\d{{4}}",
            # Social security number
            rf"\d{{3}}{_SEPARATOR}\d{{2}}{_SEPARATOR}\d{{4}}",
            # Dates, year first and year last
            rf"\d{{4}}[/.{_DASH}]\d{{1,2}}[/.{_DASH}]\d{{1,2}}",
            rf"\d{{1,2}}[/{_DASH}]\d{{1,2}}[/{_DASH}](?:\d{{4}}|\d{{2}})|\d{{1,2}}\.\d{{1,2}}\.\d{{4}}",
            # Dates in words, month first and day first
            rf"\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}",
            rf"\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}",
            # Undashed dates
            r"(?:19|20)\d{6}",
        )
    ),
    re.IGNORECASE,
)
# A quoted or bracketed value if there is one, and all that follows up to a delimiter or a next key.
_ASSIGNED = (
    r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\([^)]*\)?|\[[^\]]*\]?|\{[^}]*\}?)?"
    r"(?:(?!,\s*[\"']?\w+[\"']?\s*[:=])[^;\n}\])])*"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Scrubber:
    """Redacts by field name and by pattern; pure, and safe to share between threads."""

    def __init__(self, extra_fields: Iterable[str] = ()) -> None:
        """Add `extra_fields`, in snake_case or camelCase, to `PHI_FIELDS`."""
        names = {_words(name) for name in PHI_FIELDS.union(extra_fields)} - {()}
        self._fields = frozenset(names)
        self._longest = max(len(name) for name in names)
        # `date_of_birth: 1 May`, `"name": "..."`, `patientName='...'`, `Key (email)=(...)`
        spelled = "|".join(r"[\s_-]?".join(name) for name in sorted(names, key=len, reverse=True))
        self._assignment = re.compile(
            rf"(?P<field>(?:{spelled})\w{{0,20}}[\"')\]]*\s*[:=]\s*){_ASSIGNED}", re.IGNORECASE
        )

    def is_phi_field(self, name: str) -> bool:
        """Whether the words of `name` contain a PHI field, as `patientName` contains `name`."""
        words = _words(name)
        return any(
            words[start : start + length] in self._fields
            for length in range(1, self._longest + 1)
            for start in range(len(words) - length + 1)
        )

    def text(self, value: str) -> str:
        """Redact identifiers, and whatever a PHI field is assigned in the text."""
        # Identifiers first: an assignment could end in the middle of one.
        return self._assignment.sub(rf"\g<field>{REDACTED}", _IDENTIFIERS.sub(REDACTED, value))

    def scrub(self, value: object, *, depth: int = 0) -> object:
        """Copy `value` into JSON types, without PHI.

        Objects of unknown types become the name of their type: their text may hold anything.
        """
        if depth > _MAXIMUM_DEPTH:
            return REDACTED
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float | Decimal):
            return self._number(value)
        if isinstance(value, str):
            return self.text(str(value))
        if isinstance(value, bytes | bytearray | memoryview):
            return self.text(bytes(value).decode(errors="replace"))
        return self._composite(value, depth + 1)

    def _number(self, value: float | Decimal) -> object:
        text = str(value)
        if self.text(text) != text:
            return REDACTED
        # JSON knows neither decimals nor infinities.
        is_json = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        return value if is_json else text

    def _composite(self, value: object, depth: int) -> object:
        if isinstance(value, BaseModel):
            # Every field by name, also those that are hidden from `repr`.
            value = {name: getattr(value, name) for name in type(value).model_fields}
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): (
                    REDACTED if self.is_phi_field(str(key)) else self.scrub(item, depth=depth)
                )
                for key, item in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.scrub(item, depth=depth) for item in value]
        if isinstance(value, BaseException | UUID):
            return self.text(f"{type(value).__name__}: {value}")
        return f"<{type(value).__name__}>"


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.findall(name))
