"""CloudFormation's intrinsic functions, worked out as far as templates tell.

A parameter's default is not its value: whoever deploys may give another. What stays open becomes
an ``Unknown``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from policies.templates.values import NO_VALUE, Reference, Unknown, is_read_later

Json = Any
_IN_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


class Surroundings(Protocol):
    """What a template's functions refer to, outside the expression itself."""

    def ref(self, name: str) -> Json:
        """Work out ``Ref``."""

    def get_att(self, logical_id: str, attribute: str) -> Json:
        """Work out ``Fn::GetAtt``."""

    def imported(self, export: str) -> Json:
        """Work out ``Fn::ImportValue``."""

    def condition(self, name: str) -> bool:
        """Say which branch of ``Fn::If`` is looked at."""

    def mapped(self, keys: Sequence[str]) -> Json:
        """Look up ``Fn::FindInMap``."""


def resolve(value: Json, around: Surroundings) -> Json:
    """Work out a value and all in it; never raises for anything a template can hold."""
    match value:
        case dict():
            name = next((key for key in value if _is_function(key)), None)
            if name is None:
                pairs = ((key, resolve(item, around)) for key, item in value.items())
                return {key: item for key, item in pairs if item is not NO_VALUE}
            if len(value) > 1:
                return Unknown(_shown(value), f"{name} stands beside other keys")
            return _call(name, value[name], around)
        case list():
            items = (resolve(item, around) for item in value)
            return [item for item in items if item is not NO_VALUE]
        case str():
            return _text_of(value)
    return value


def _text_of(text: str) -> str | Unknown:
    """Take text for what it says, unless CloudFormation reads it from elsewhere."""
    return Unknown(text, "CloudFormation reads it when it deploys") if is_read_later(text) else text


def _is_function(key: Json) -> bool:
    return isinstance(key, str) and (key == "Ref" or key.startswith("Fn::"))


def _call(name: str, given: Json, around: Surroundings) -> Json:
    function = _FUNCTIONS.get(name)
    if function is None:
        return Unknown(_shown({name: given}), f"{name} is worked out by CloudFormation alone")
    try:
        made = function(given, around)
        # Two halves may have become a dynamic reference.
        return _text_of(made) if isinstance(made, str) else made
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        return Unknown(_shown({name: given}), f"{name} cannot be worked out: {error}")


def _ref(given: Json, around: Surroundings) -> Json:
    return around.ref(_text(given))


def _get_att(given: Json, around: Surroundings) -> Json:
    logical_id, attribute = given.split(".", 1) if isinstance(given, str) else given
    return around.get_att(_text(logical_id), _text(resolve(attribute, around)))


def _import_value(given: Json, around: Surroundings) -> Json:
    name = resolve(given, around)
    return name if isinstance(name, Unknown) else around.imported(_text(name))


def _join(given: Json, around: Surroundings) -> Json:
    separator, items = given
    parts = resolve(items, around)
    if isinstance(parts, Unknown):
        return parts
    return _joined(_text(separator), [_scalar(part) for part in _list(parts)])


def _sub(given: Json, around: Surroundings) -> Json:
    text, names = (given, {}) if isinstance(given, str) else given
    parts: list[str | Unknown] = []
    end = 0
    for found in _IN_SUB.finditer(text):
        parts.append(text[end : found.start()])
        parts.append(_substitute(found, names, around))
        end = found.end()
    return _joined("", [*parts, text[end:]])


def _substitute(
    found: re.Match[str], names: Mapping[str, Json], around: Surroundings
) -> str | Unknown:
    name = found[2].strip()
    if found[1]:
        return f"${{{name}}}"
    if name in names:
        return _scalar(resolve(names[name], around))
    value = _get_att(name, around) if "." in name else around.ref(name)
    return _scalar(value)


def _if(given: Json, around: Surroundings) -> Json:
    name, yes, no = given
    return resolve(yes if around.condition(_text(name)) else no, around)


def _select(given: Json, around: Surroundings) -> Json:
    index, items = (resolve(part, around) for part in given)
    if isinstance(index, Unknown) or isinstance(items, Unknown):
        return index if isinstance(index, Unknown) else items
    if int(index) < 0:
        raise IndexError(f"{index} is negative")
    return _list(items)[int(index)]


def _split(given: Json, around: Surroundings) -> Json:
    separator, text = given
    whole = resolve(text, around)
    if isinstance(whole, Unknown):
        return whole
    return _text(whole).split(_text(separator))


def _find_in_map(given: Json, around: Surroundings) -> Json:
    keys = [resolve(key, around) for key in given]
    unknown = next((key for key in keys if isinstance(key, Unknown)), None)
    return around.mapped([_text(key) for key in keys]) if unknown is None else unknown


def _base64(given: Json, around: Surroundings) -> Json:
    """Leave the text readable: rules look for secrets in it."""
    return resolve(given, around)


def _to_json(given: Json, around: Surroundings) -> Json:
    value = resolve(given, around)
    try:
        return json.dumps(value)
    except TypeError:
        return Unknown(_shown(given), "it holds a value that is open")


def _joined(separator: str, parts: Sequence[str | Unknown]) -> Json:
    text = separator.join(part.text if isinstance(part, Unknown) else part for part in parts)
    why = [part.why for part in parts if isinstance(part, Unknown)]
    return Unknown(text, "; ".join(dict.fromkeys(why))) if why else _one(parts, text)


def _one(parts: Sequence[str | Unknown], text: str) -> str:
    """Keep a reference that is joined with nothing else a reference."""
    only = [part for part in parts if isinstance(part, Reference) and str(part) == text]
    return only[0] if only else text


def _scalar(value: Json) -> str | Unknown:
    match value:
        case Unknown() | str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    raise TypeError(f"{_shown(value)} is not text")


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{_shown(value)} is not text")
    return value


def _list(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise TypeError(f"{_shown(value)} is not a list")
    return value


def _shown(value: Json) -> str:
    said = repr(value)
    return said if len(said) <= 80 else f"{said[:77]}..."


_FUNCTIONS: Mapping[str, Callable[[Json, Surroundings], Json]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::ToJsonString": _to_json,
}
