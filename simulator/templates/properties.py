"""Properties of one resource, each taken for what CloudWatch would make of it, or refused."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from policies.templates.values import Unknown, closed, switch
from runbook.model.refusal import Refusal, RefusedError
from simulator.templates.marks import Marks

Json = Any
_NUMBER = re.compile(r"[-+]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][-+]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")


class Properties:
    """The properties at ``path`` of the resource at ``place``, worked out.

    Every reader raises ``RefusedError`` that names resource and property.
    """

    def __init__(self, values: Json, place: str, marks: Marks, path: str = "Properties") -> None:
        self.place = place
        self.marks = marks
        self.path = path
        self.values: Mapping[str, Json] = self._object(values)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def only(self, known: Iterable[str], not_modelled: Mapping[str, str]) -> None:
        """Refuse what is not known, and for a reason what is known to be something else."""
        allowed = set(known)
        for name in self.values:
            if name in not_modelled:
                raise self.refused(
                    name, not_modelled[name], "leave it out: with it no test is possible"
                )
            if name not in allowed:
                reason = "it is no property that is known here: what it does to states is open"
                raise self.refused(name, reason, "leave it out, or correct its name")

    def text(self, name: str, default: str | None = None) -> str:
        """Read text that the template tells whole; none of it is left to the deploy."""
        value = self._closed(name, default)
        if not isinstance(value, str) or not value:
            raise self.refused(name, f"{_brief(value)} is no text", "write text")
        return str(value)

    def name(self, name: str) -> str:
        """Read text in which marks stand for what only the deploy knows."""
        return self.written(name, self._given(name, None))

    def written(self, name: str, value: Json) -> str:
        """Write a value of the property ``name`` with marks."""
        try:
            return self.marks.text(value)
        except ValueError as error:
            raise self.refused(name, str(error), "write it out, or give its parameters") from None

    def dimension(self, name: str) -> str:
        """Read a dimension's value, with marks and patterns."""
        try:
            return self.marks.dimension(self._given(name, None))
        except ValueError as error:
            raise self.refused(name, str(error), "write it out, or give its parameters") from None

    def number(self, name: str) -> float:
        """Read a number, which CloudFormation takes as text, too."""
        value = self._closed(name, None)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused(name, f"{_brief(value)} is no number", "write a number")
        try:
            made = float(value)
        except OverflowError:
            made = math.inf
        if not math.isfinite(made):
            raise self.refused(name, f"{_brief(value)} is no number", "write a number")
        return made

    def whole(self, name: str, default: int | None = None, least: int = 1) -> int:
        """Read a whole number, ``least`` or more."""
        value = self._closed(name, default)
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            reason = f"{_brief(value)} is no whole number from {least} on"
            raise self.refused(name, reason, "write a whole number")
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        """Read a switch, which CloudFormation takes as text, too."""
        value = switch(self._closed(name, default))
        if not isinstance(value, bool):
            raise self.refused(name, f"{_brief(value)} is no switch", "write true or false")
        return value

    def one_of(self, name: str, known: Iterable[str], default: str | None = None) -> str:
        """Read one of some words."""
        value, words = self.text(name, default), list(known)
        if value not in words:
            raise self.refused(name, f"{value!r} is none of them", f"known: {', '.join(words)}")
        return value

    def items(self, name: str) -> list[Json]:
        """Read a list; none is an empty one."""
        value = self._given(name, [])
        if isinstance(value, Unknown):
            raise self._open(name, value)
        if not isinstance(value, list):
            raise self.refused(name, f"{_brief(value)} is no list", "write a list")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Read a list of text with marks."""
        return tuple(self.written(name, item) for item in self.items(name))

    def below(self, name: str) -> "Properties":
        """Read the object that a property is."""
        return Properties(self._given(name, None), self.place, self.marks, f"{self.path}.{name}")

    def each(self, name: str) -> Iterator["Properties"]:
        """Read the objects that a property lists."""
        for number, item in enumerate(self.items(name)):
            yield Properties(item, self.place, self.marks, f"{self.path}.{name}.{number}")

    def refused(self, name: str, reason: str, fix: str) -> RefusedError:
        """Make the refusal of one property."""
        key = f"{self.path}.{name}" if name else self.path
        return RefusedError(self.place, [Refusal(key, reason, fix)])

    def _given(self, name: str, default: Json) -> Json:
        value = self.values.get(name, default)
        if value is None:
            raise self.refused(name, "it is not there", "write it")
        return value

    def _closed(self, name: str, default: Json) -> Json:
        value = self._given(name, default)
        if isinstance(value, Unknown):
            raise self._open(name, value)
        if isinstance(value, str) and self.marks.stand_in(value):
            reason = f"{value} is known only when it is deployed"
            raise self.refused(name, reason, "write it out")
        return closed(value) if not isinstance(value, dict | list) else value

    def _open(self, name: str, value: Unknown) -> RefusedError:
        return self.refused(name, self.marks.why(value), self.marks.fix(value))

    def _object(self, values: Json) -> Mapping[str, Json]:
        if isinstance(values, Unknown):
            raise self._open("", values)
        if not isinstance(values, dict):
            raise self.refused("", f"{_brief(values)} is no object", "write its properties")
        return values


def _brief(value: Json) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."
