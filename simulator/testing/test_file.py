"""A file of alarm tests: what it may say, read and refused with file, line and path.

docs/alarm-tests.md shows one. Every value is text as it is written (``yaml_text``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from policies.terminal import plain
from runbook.model.refusal import WHOLE_FILE, Refusal, RefusedError
from simulator.cloudwatch.definitions import State
from simulator.cloudwatch.series import MINUTE, Values
from simulator.recorded.instants import EXAMPLE, instant
from simulator.testing import durations, notation
from simulator.testing.yaml_text import Path as Keys
from simulator.testing.yaml_text import YamlText, YamlTextError, read

# The year 2999: calendars of mute rules end there.
_LATEST = 32_472_144_000
Became = Literal["ran", "muted", "suppressed", "none"]


def _wrong(reason: str, fix: str) -> PydanticCustomError:
    return PydanticCustomError("wrong", "{reason}", {"reason": reason, "fix": fix})


def _time(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return durations.seconds(value)
    except ValueError as error:
        raise _wrong(str(error), durations.HOW) from None


def _interval(value: object) -> object:
    time = _time(value)
    if time == 0:
        raise _wrong("datapoints lie apart", durations.HOW)
    return time


def _start(value: object) -> object:
    if not isinstance(value, str):
        return value
    fix = f"write it with its zone, such as {EXAMPLE}"
    try:
        found = instant(value)
    except ValueError as error:
        raise _wrong(str(error), fix) from None
    if found >= _LATEST:
        raise _wrong(f"{value!r} is no time of an alarm", fix)
    if found % MINUTE:
        raise _wrong(f"{value!r} is no whole minute: evaluations fall on whole ones", fix)
    return found


def _values(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return notation.values(value)
    except notation.NotationError as error:
        raise _wrong(str(error), error.fix) from None


def _state(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value in {state.value for state in State}:
        return State(value)
    known = ", ".join(State)
    raise _wrong(f"{value[:40]!r} is no state", f"write one of {known}")


Time = Annotated[int, BeforeValidator(_time)]
Interval = Annotated[int, BeforeValidator(_interval)]
Start = Annotated[int, BeforeValidator(_start)]
Text = Annotated[str, Field(min_length=1)]


class _Data(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True
    )


class Metric(_Data):
    """What a series feeds: each metric of this name and statistic, or that of these dimensions.

    ``id`` names one query of the alarm instead.
    """

    namespace: Text
    name: Text
    stat: Text
    dimensions: dict[Text, str] | None = None
    id: Text | None = None


class Series(_Data):
    """Datapoints from minute 0, ``interval`` seconds apart; the test's own where it is None."""

    metric: Metric
    values: Annotated[Values, BeforeValidator(_values)]
    interval: Interval | None = None


class Expectation(_Data):
    """The state at a second, or at every evaluation since ``since``; what became of the actions."""

    at: Time
    state: Annotated[State, BeforeValidator(_state)]
    since: Annotated[Time | None, Field(alias="from")] = None
    action: Became | None = None

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.since is not None and self.since > self.at:
            raise _wrong("`from` is later than `at`", "write the earlier time as `from`")
        return self


class Case(_Data):
    """One test: series fed to an alarm, and what is expected of it."""

    alarm: Text
    name: str = ""
    interval: Interval = MINUTE
    start: Start | None = None
    series: tuple[Series, ...] = ()
    expect: Annotated[tuple[Expectation, ...], Field(min_length=1)]


class Tests(_Data):
    """The whole file: which alarms are meant, and the tests of them."""

    environment: Text | None = None
    template: tuple[Text, ...] = ()
    tests: Annotated[tuple[Case, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _of_one_source(self) -> Self:
        if self.environment and self.template:
            raise _wrong("it names an environment and templates", "remove one of both")
        return self


@dataclass(frozen=True, slots=True)
class AlarmTests:
    """A file as it was read: ``tests``, and where each of them stands."""

    path: Path
    tests: Tests
    text: YamlText

    def line(self, *keys: str | int) -> int:
        """Say the line of a path such as ``"tests", 0, "alarm"``."""
        return self.text.line(keys)

    def refusal(self, reason: str, fix: str, *keys: str | int) -> Refusal:
        """Build the refusal of what stands at a path."""
        return _refusal(self.text, keys, reason, fix)


def load(path: Path) -> AlarmTests:
    """Read a file of tests. Raises ``RefusedError`` with all that is wrong in it."""
    try:
        text = read(path.read_bytes().decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _whole(path, f"byte {error.start} is not UTF-8", "save it as UTF-8") from None
    except (OSError, ValueError) as error:
        if isinstance(error, YamlTextError):
            refusal = Refusal(f"line {error.line}", error.reason, error.fix)
            raise RefusedError(str(path), [refusal]) from None
        said = getattr(error, "strerror", None) or error
        raise _whole(path, f"it cannot be read: {said}", "name a file of tests") from None
    if text.data is None:
        raise _whole(path, "it is empty: nothing would be tested", _EXAMPLE)
    try:
        return AlarmTests(path, Tests.model_validate(_for_models(text.data)), text)
    except ValidationError as error:
        details = [d for d in error.errors(include_url=False) if not _follows(d)]
        details.sort(key=lambda each: text.line(each["loc"]))
        raise RefusedError(str(path), [_translated(text, each) for each in details]) from None


# `dimensions:` and no more may mean all of them or none: it is written, or left out.
_NOTHING = object()
_EXAMPLE = "write `environment:` and `tests:`, as in docs/alarm-tests.md"
_MISSING = {
    "alarm": "write `alarm:` with its id in the catalogue, its name or its logical id",
    "expect": "write what is expected, such as `expect: [{at: 9m, state: OK}]`",
    "tests": "write `tests:` with at least one test",
    "values": notation.HOW,
    "at": durations.HOW,
    "state": f"write one of {', '.join(State)}",
}


def _for_models(data: Any) -> Any:  # noqa: ANN401 - YAML is any value
    """Make tuples of lists, and of a key without a value what no model takes."""
    match data:
        case None:
            return _NOTHING
        case list():
            return tuple(_for_models(item) for item in data)
        case dict():
            return {key: _for_models(item) for key, item in data.items()}
    return data


def _follows(details: ErrorDetails) -> bool:
    """Say whether it only follows from another: a list is too short without its bad items."""
    return details["type"] == "too_short" and bool(details["input"])


def _translated(text: YamlText, details: ErrorDetails) -> Refusal:
    keys: Keys = tuple(details["loc"])
    match details["type"]:
        case "wrong":
            reason, fix = details["ctx"]["reason"], details["ctx"]["fix"]
        case "missing":
            reason, last = "it is missing", str(keys[-1])
            fix = _MISSING.get(last, f"write `{last}:`")
        case "too_short":
            reason, fix = "nothing stands there", _MISSING[str(keys[-1])]
        case "extra_forbidden" | "invalid_key":
            return _unknown_key(text, keys)
        case "model_type" | "dict_type" | "model_attributes_type":
            reason, fix = "keys are expected here", "write `key: value` pairs"
        case "tuple_type":
            reason, fix = "a list is expected here", "write `- ` before each item"
        case "literal_error":
            written = details["input"]
            reason = f"{str(written)[:40]!r} is not a choice"
            if not isinstance(written, str):
                reason = "a text is expected here"
            fix = f"write one of {', '.join(get_args(Became))}"
        case _:
            reason, fix = "a text is expected here", "write a value after the colon"
    return _refusal(text, keys, reason, fix)


def _unknown_key(text: YamlText, keys: Keys) -> Refusal:
    known = _KEYS.get(next((k for k in reversed(keys[:-1]) if isinstance(k, str)), ""), ())
    close = get_close_matches(str(keys[-1]), known, n=1)
    listed = f"known: {', '.join(known)}"
    fix = f"did you mean {close[0]!r}? {listed}" if close else f"remove it; {listed}"
    return _refusal(text, keys, "there is no such key", fix)


def _keys_of(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        yield info.alias or name


_KEYS = {
    place: tuple(_keys_of(model))
    for place, model in (
        ("", Tests),
        ("tests", Case),
        ("series", Series),
        ("metric", Metric),
        ("expect", Expectation),
    )
}


def _refusal(text: YamlText, keys: Keys, reason: str, fix: str) -> Refusal:
    """Name the line and the path; a terminal obeys nothing of what a file says."""
    dotted = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys).removeprefix(".")
    place = f"line {text.line(keys)}: {dotted[:120] or WHOLE_FILE}"
    return Refusal(plain(place), plain(reason), plain(fix))


def _whole(path: Path, reason: str, fix: str) -> RefusedError:
    return RefusedError(str(path), [Refusal(WHOLE_FILE, reason, fix)])
