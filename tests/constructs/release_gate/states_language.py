"""Runs a definition in Amazon States Language, as far as ours use it; time is virtual."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
Invoke = Callable[[str, Json], Json]


_SDK = re.compile(r"arn:aws:states:::aws-sdk:(\w+):(\w+)")
_ITEM = re.compile(r"(\w+)\[(\d+)\]")
_NOTHING = object()


class StateError(Exception):
    """An error by its name in the language."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name, self.cause = name, cause


class Execution:
    """One execution: ``status`` is RUNNING until ``run`` is over.

    ``invoke`` runs functions by their ARN, and calls of AWS by ``service:action``.
    """

    def __init__(self, definition: Json, given: Json, invoke: Invoke) -> None:
        self._definition, self._invoke = definition, invoke
        self.given, self.status = given, "RUNNING"
        self.error = self.cause = ""
        self.seconds = 0.0
        self.path: list[str] = []

    def run(self) -> None:
        """Run to the end; the status is SUCCEEDED, FAILED or TIMED_OUT then."""
        name, data = self._definition["StartAt"], json.loads(json.dumps(self.given))
        while True:
            self.path.append(name)
            state = self._definition["States"][name]
            match state["Type"]:
                case "Succeed":
                    self.status = "SUCCEEDED"
                    return
                case "Fail":
                    self.status = "FAILED"
                    self.error = _said(state, "Error", data)
                    self.cause = _said(state, "Cause", data)
                    return
                case "Wait":
                    self.seconds += state["Seconds"]
                    name = state["Next"]
                case "Choice":
                    name = _chosen(state, data)
                case "Task":
                    name, data = self._task(state, data)
                case other:
                    raise AssertionError(f"no state of type {other} is known here")
            if self.seconds > self._definition["TimeoutSeconds"]:
                self.status = "TIMED_OUT"
                return

    def _task(self, state: Json, data: Json) -> tuple[str, Json]:
        tried: dict[int, int] = {}
        while True:
            try:
                return state["Next"], _placed(state, data, self._result(state, data))
            except StateError as error:
                wait = _next_try(state.get("Retry", []), error, tried)
                if wait is not None:
                    self.seconds += wait
                    continue
                for catcher in state.get("Catch", []):
                    if _matches(catcher, error):
                        key = catcher["ResultPath"].removeprefix("$.")
                        told = {"Error": error.name, "Cause": error.cause}
                        return catcher["Next"], data | {key: told}
                raise AssertionError(f"nothing catches {error}") from error

    def _result(self, state: Json, data: Json) -> Json:
        parameters = _filled(state["Parameters"], data)
        sdk = _SDK.fullmatch(state["Resource"])
        if sdk:
            return _as_json(self._invoke(f"{sdk[1]}:{sdk[2]}", parameters))
        assert state["Resource"] == "arn:aws:states:::lambda:invoke"
        payload = self._invoke(parameters["FunctionName"], parameters["Payload"])
        return {"Payload": _as_json(payload), "StatusCode": 200}


def _as_json(value: Json) -> Json:
    copy: Json = json.loads(json.dumps(value))
    return copy


def _placed(state: Json, data: Json, result: Json) -> Json:
    """Put a result where the state wants it: in the place of all, at a name, or nowhere."""
    path = state.get("ResultPath", "$")
    if path is None:
        placed = data
    else:
        placed = result if path == "$" else data | {path.removeprefix("$."): result}
    output: Json = _at(placed, state.get("OutputPath", "$"))
    return output


def _next_try(retriers: list[Json], error: StateError, tried: dict[int, int]) -> float | None:
    for number, retrier in enumerate(retriers):
        if _matches(retrier, error):
            done = tried.get(number, 0)
            tried[number] = done + 1
            if done < retrier["MaxAttempts"]:
                wait = float(retrier["IntervalSeconds"] * retrier["BackoffRate"] ** done)
                return min(wait, float(retrier.get("MaxDelaySeconds", wait)))
            return None
    return None


def _matches(handler: Json, error: StateError) -> bool:
    return error.name in handler["ErrorEquals"] or "States.ALL" in handler["ErrorEquals"]


def _chosen(state: Json, data: Json) -> str:
    for choice in state["Choices"]:
        value = _found(data, choice["Variable"])
        (test,) = choice.keys() - {"Variable", "Next"}
        if _is_so(test, value, choice[test]):
            return str(choice["Next"])
    return str(state["Default"])


def _is_so(test: str, value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON is any value
    if test == "IsPresent":
        return (value is not _NOTHING) is wanted
    assert value is not _NOTHING, "a choice on what is not there fails"
    match test:
        case "StringEquals":
            return isinstance(value, str) and bool(value == wanted)
        case "BooleanEquals":
            return isinstance(value, bool) and value is wanted
        case "NumericGreaterThanEquals":
            return bool(value >= wanted)
    raise AssertionError(f"no comparison {test} is known here")


def _filled(template: Mapping[str, Any], data: Json) -> Json:
    filled: Json = {}
    for key, value in template.items():
        if key.endswith(".$"):
            filled[key.removesuffix(".$")] = _at(data, value)
        else:
            filled[key] = _filled(value, data) if isinstance(value, dict) else value
    return filled


def _at(data: Any, path: str) -> Any:  # noqa: ANN401 - JSON is any value
    assert path == "$" or path.startswith("$."), path
    for part in path.split(".")[1:]:
        data = data[part]
    return data


def _found(data: Any, path: str) -> Any:  # noqa: ANN401 - JSON is any value
    """Read a reference path with items of lists; NOTHING where there is none."""
    for part in path.split(".")[1:]:
        item = _ITEM.fullmatch(part)
        try:
            data = data[item[1]][int(item[2])] if item else data[part]
        except (IndexError, KeyError):
            return _NOTHING
    return data


def _said(state: Json, what: str, data: Json) -> str:
    return str(state[what] if what in state else _at(data, state[f"{what}Path"]))
