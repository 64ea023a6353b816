"""Rules of composite alarms: read, and worked out on the states of the alarms that they name.

The grammar is AWS's as of November 2026: API reference of ``PutCompositeAlarm``, and
"Composite alarms" of the User Guide, which alone has ``AT_LEAST``. What neither says is refused:
``AND`` beside ``OR`` without parentheses. ``NOT`` belongs to the one condition after it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from runbook.model.refusal import Refusal, RefusedError
from simulator.cloudwatch.definitions import State
from simulator.cloudwatch.judgement import STATES

# Limits of CloudWatch. Its 500 elements are counted mildly: a pair of parentheses is one.
LONGEST, MOST_ALARMS, MOST_ELEMENTS = 10_240, 100, 500
# Ours: nobody reads a rule that is nested deeper.
DEEPEST = 50
_TOKEN = re.compile(r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<mark>[(),])|(?P<word>[^\s(),"]+))')
_ARN = re.compile(r"arn:.*:cloudwatch:.*:alarm:(?P<name>.+)")
_BOOLEANS = {"TRUE": True, "FALSE": False}
_WORDS = {state.value: state for state in STATES}
# Where a state stands in arrays of states.
PLACES = {state: np.int8(place) for place, state in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Constant:
    """``TRUE`` or ``FALSE``."""

    value: bool


@dataclass(frozen=True, slots=True)
class InState:
    """The alarm called ``name`` is in this state; or is not, where ``wanted`` is false."""

    name: str
    state: State
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Not:
    """``of`` does not hold."""

    of: "Rule"


@dataclass(frozen=True, slots=True)
class Every:
    """All of them hold."""

    of: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of them hold; an absolute number, or percent of all."""

    least: int
    percent: bool
    of: tuple[InState, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of them holds, or more."""

    of: tuple["Rule", ...]


Rule = Constant | InState | Not | Every | Some | AtLeast


def parse_rule(text: str, source: str = "a composite alarm") -> Rule:
    """Read a rule; ``source`` is what an error calls the alarm.

    Raises ``RefusedError`` that tells the place in the text, counted from 1.
    """
    return _Reader(text, source).rule()


def names(rule: Rule) -> frozenset[str]:
    """Give the names of the alarms that a rule looks at; of an ARN, the name in it."""
    return frozenset(_named(rule))


def alarm_name(reference: str) -> str:
    """Give the name in an alarm's ARN; of anything else, itself.

    A composite's alarms are of its own account and region, so the name tells which one is meant.
    """
    found = _ARN.fullmatch(reference)
    return found["name"] if found else reference


def evaluate(
    rule: Rule, states_of: Callable[[str], NDArray[np.int8]], steps: int
) -> NDArray[np.int8]:
    """Work out a composite's state at each of ``steps`` evaluations, as indices of ``STATES``.

    It follows its alarms within the step. It is OK or ALARM: INSUFFICIENT_DATA it is only from its
    creation until it is first evaluated (API reference, ``PutCompositeAlarm``), before step 0.
    """
    return np.where(_holds(rule, states_of, steps), PLACES[State.ALARM], PLACES[State.OK])


def _holds(
    rule: Rule, states_of: Callable[[str], NDArray[np.int8]], steps: int
) -> NDArray[np.bool_]:
    match rule:
        case Constant():
            return np.full(steps, rule.value)
        case InState():
            there: NDArray[np.bool_] = states_of(rule.name) == PLACES[rule.state]
            return there if rule.wanted else ~there
        case Not():
            return ~_holds(rule.of, states_of, steps)
        case AtLeast():
            all_of, each_of = (100, len(rule.of)) if rule.percent else (1, 1)
            count = np.zeros(steps, np.int64)
            for each in rule.of:
                count += _holds(each, states_of, steps)
            return count * all_of >= rule.least * each_of
        case Every():
            return reduce(np.ndarray.__and__, (_holds(e, states_of, steps) for e in rule.of))
        case Some():
            return reduce(np.ndarray.__or__, (_holds(e, states_of, steps) for e in rule.of))


def _named(rule: Rule) -> Iterator[str]:
    match rule:
        case InState():
            yield rule.name
        case Not():
            yield from _named(rule.of)
        case Every() | Some() | AtLeast():
            for each in rule.of:
                yield from _named(each)


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    place: int
    quoted: bool = False


class _Reader:
    """Reads one rule from left to right."""

    def __init__(self, text: str, source: str) -> None:
        self._text, self._source = text, source
        self._elements = self._depth = 0
        if len(text) > LONGEST:
            raise self._refused(LONGEST, f"{len(text)} characters, {LONGEST} at the most")
        self._tokens = list(self._split())
        self._next = 0

    def rule(self) -> Rule:
        found = self._condition()
        if (rest := self._peek()).text or rest.quoted:
            raise self._refused(rest.place, f"{rest.text!r} after the rule's end")
        if len(names(found)) > MOST_ALARMS:
            raise self._refused(0, f"{len(names(found))} alarms, {MOST_ALARMS} at the most")
        if self._elements > MOST_ELEMENTS:
            raise self._refused(0, f"{self._elements} elements, {MOST_ELEMENTS} at the most")
        return found

    def _condition(self) -> Rule:
        """Read conditions joined by one operator."""
        parts, operator = [self._single()], None
        while (token := self._peek()).text in ("AND", "OR") and not token.quoted:
            if operator not in (None, token.text):
                why = f"{token.text} beside {operator}: AWS does not say which one goes first"
                raise self._refused(token.place, why, "put one of them in parentheses")
            operator = self._take().text
            parts.append(self._single())
        if operator is None:
            return parts[0]
        return Every(tuple(parts)) if operator == "AND" else Some(tuple(parts))

    def _single(self) -> Rule:
        denied = False
        while self._peek() == _Token("NOT", self._peek().place):
            self._take()
            denied = not denied
        found = self._positive()
        return Not(found) if denied else found

    def _positive(self) -> Rule:
        token = self._take()
        if not token.quoted:
            if token.text == "(":
                return self._group(token)
            if token.text.upper() in _BOOLEANS:
                self._elements += 1
                return Constant(_BOOLEANS[token.text.upper()])
            if token.text == "AT_LEAST":
                return self._at_least()
            if token.text in _WORDS:
                self._expect("(")
                found = InState(self._name(), _WORDS[token.text])
                self._expect(")")
                return found
        raise self._unexpected(token, "a condition such as ALARM(name), TRUE, NOT, or (")

    def _group(self, opening: _Token) -> Rule:
        self._elements += 1
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused(opening.place, f"more than {DEEPEST} parentheses in one another")
        found = self._condition()
        self._expect(")")
        self._depth -= 1
        return found

    def _at_least(self) -> AtLeast:
        """Read what follows the word: ``(M, STATE, (alarm, alarm))``."""
        self._expect("(")
        amount = self._take()
        self._expect(",")
        denied = self._peek().text == "NOT"
        if denied:
            self._take()
        state = self._take()
        if state.text not in _WORDS:
            raise self._unexpected(state, "ALARM, OK or INSUFFICIENT_DATA")
        self._expect(",")
        self._expect("(")
        found = [self._name()]
        while self._peek().text == ",":
            self._take()
            found.append(self._name())
        self._expect(")")
        self._expect(")")
        if len(set(found)) < len(found):
            why = "an alarm twice: AWS does not say whether it counts twice"
            raise self._refused(amount.place, why, "name each alarm once")
        of = tuple(InState(name, _WORDS[state.text], not denied) for name in found)
        return AtLeast(*self._amount(amount, len(found)), of)

    def _amount(self, token: _Token, count: int) -> tuple[int, bool]:
        digits, percent = token.text.removesuffix("%"), token.text.endswith("%")
        most = 100 if percent else count
        if token.quoted or not re.fullmatch("[0-9]{1,3}", digits) or not 0 < int(digits) <= most:
            raise self._unexpected(token, f"a number from 1 to {count}, or 1% to 100%")
        return int(digits), percent

    def _name(self) -> str:
        token = self._take()
        if not token.quoted and token.text in ("", "(", ")", ","):
            raise self._unexpected(token, "an alarm's name or ARN")
        self._elements += 1
        return alarm_name(token.text)

    def _expect(self, text: str) -> None:
        token = self._take()
        if token.text != text or token.quoted:
            raise self._unexpected(token, text)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _split(self) -> Iterator[_Token]:
        place, end = 0, len(self._text.rstrip())
        while place < end:
            found = _TOKEN.match(self._text, place)
            if found is None:
                place += len(self._text[place:]) - len(self._text[place:].lstrip())
                raise self._refused(
                    place, 'a quotation mark that is not closed or not escaped (\\")'
                )
            kind = found.lastgroup or "word"
            text = found[kind]
            if kind == "quoted":
                text = re.sub(r"\\(.)", r"\1", text[1:-1])
            yield _Token(text, found.start(kind), kind == "quoted")
            place = found.end()
        yield _Token("", end)

    def _unexpected(self, token: _Token, wanted: str) -> RefusedError:
        found = repr(token.text) if token.text or token.quoted else "the end"
        return self._refused(token.place, f"{found} where {wanted} is expected")

    def _refused(self, place: int, why: str, fix: str = "") -> RefusedError:
        near = self._text[place : place + 40]
        where = f"AlarmRule, character {place + 1}" + (f": {near}" if near else " (its end)")
        fix = fix or "write it as the API reference of PutCompositeAlarm has it (AlarmRule)"
        return RefusedError(self._source, [Refusal(where, why, fix)])
