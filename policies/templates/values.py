"""Values of a template once its intrinsic functions are worked out, and those that cannot be."""

import json
import re
from typing import Any, NoReturn


class UnresolvedError(Exception):
    """A rule asked for a value that the templates alone do not tell."""


class Unknown:
    """A value that nobody can know before the deploy.

    ``text`` is as much of it as is text, with ``${…}`` for the rest, and ``why`` what it hangs on.
    Any comparison raises ``UnresolvedError``, so that no rule takes it for a pass; a rule that can
    make something of ``text`` asks for it.
    """

    __slots__ = ("text", "why")

    def __init__(self, text: str, why: str) -> None:
        self.text = text
        self.why = why

    def __repr__(self) -> str:
        return f"Unknown({self.text!r})"

    def _refuse(self, *_: object) -> NoReturn:
        raise UnresolvedError(f"{self.text} cannot be known before the deploy: {self.why}")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __hash__ = __iter__ = __len__ = __contains__ = __getitem__ = __str__ = _refuse
    __int__ = __float__ = __add__ = __radd__ = _refuse


class Reference(str):
    """A reference to another resource, as the text it will have.

    That is the physical name or ARN where the template fixes it, and otherwise a mark that no
    name can collide with, such as ``<stack/LogicalId.Arn>``.
    """

    __slots__ = ("attribute", "logical_id", "template")

    template: str
    logical_id: str
    attribute: str

    def __new__(cls, text: str, template: str, logical_id: str, attribute: str) -> "Reference":
        made = super().__new__(cls, text)
        made.template, made.logical_id, made.attribute = template, logical_id, attribute
        return made


class _NoValue:
    """``AWS::NoValue``: the property is as if it were not written."""


NO_VALUE = _NoValue()

_DYNAMIC = re.compile(r"\{\{resolve:(?P<service>[^:}]*)")
# What these read is a secret: rules want to see that it is referred to, and how.
_SECRET_STORES = ("secretsmanager", "ssm-secure")


def is_read_later(text: str, *, secrets: bool = False) -> bool:
    """Say whether CloudFormation puts something else in its place: ``{{resolve:ssm:…}}``.

    References to secrets are text unless ``secrets`` says that no value may hang on them.
    """
    found = _DYNAMIC.findall(text) if "{{" in text else []
    return any(secrets or service not in _SECRET_STORES for service in found)


def known(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Give a value back, for what takes it apart; raises ``UnresolvedError`` when it is open."""
    if isinstance(value, Unknown):
        raise UnresolvedError(f"{value.text} is open: {value.why}")
    return value


def unknowns(value: Any) -> list[Unknown]:  # noqa: ANN401 - JSON is any value
    """List what is unknown anywhere inside a value."""
    found: list[Unknown] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, Unknown):
            found.append(item)
    return found


def closed(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Give a value back that is known throughout; raises ``UnresolvedError`` for any other."""
    for unknown in unknowns(value):
        raise UnresolvedError(f"{unknown.text} is open: {unknown.why}")
    return value


def whole_number(value: Any) -> int | None:  # noqa: ANN401 - JSON is any value
    """Read a whole number, which CloudFormation takes as text, too; None stays None."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    raise UnresolvedError(f"{closed(value)!r} is no whole number")


_SPELLINGS = {"true": True, "false": False}


def switch(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Read a switch, which CloudFormation takes as text, too; give back what is none as it is."""
    return _SPELLINGS.get(value.lower(), value) if isinstance(value, str) else value


def number(value: Any) -> Any:  # noqa: ANN401 - JSON is any value
    """Read a number, which CloudFormation takes as text, too; give back what is none as it is."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return float(value) if "." in value else int(value)
    return value


_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|(.))")
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def as_text(value: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Write all keys and text inside a value one after the other, each as it is, within quotes.

    For a quick look: what is not in this text is nowhere in the value.
    """
    coded = json.dumps(value, ensure_ascii=False, default=_text_of)
    if "\\" not in coded:
        return coded
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _CONTROL.get(found[2], found[2]),
        coded,
    )


def _text_of(value: object) -> str:
    return value.text if isinstance(value, Unknown) else ""
