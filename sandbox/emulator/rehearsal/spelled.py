"""Parameters and answers of calls as CloudTrail spells them: members begin with a small letter."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import OperationModel

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
# Members whose values CloudTrail keeps to itself; more here than there is no loss.
SECRET = {
    *("Value", "ParameterValue", "input", "output", "MasterUserPassword", "TemplateBody"),
    *("SecretString", "SecretBinary", "RandomPassword"),
    *("NewPassword", "OldPassword", "Password", "SecretAccessKey", "ServicePassword"),
    *("PrivateKey", "VirtualMFADevice"),
}
Value = Any
# botocore's kinds of shapes differ in their members.
Shape = Any


def told(shape: Shape, value: Value) -> Value:
    """Spell a value of a shape; None when there is nothing to tell."""
    if shape is None or value is None:
        return None
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            name[0].lower() + name[1:]: HIDDEN if name in SECRET else told(member, value[name])
            for name, member in shape.members.items()
            if name in value
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [told(shape.member, item) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {str(key): told(shape.value, item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.strftime("%b %d, %Y, %I:%M:%S %p")
    return value if isinstance(value, str | int | float | bool) else str(value)


def asked_by_form(operation: OperationModel, body: bytes) -> Value:
    """Read the parameters of a call that came as a form, as the query protocol writes them."""
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return _read(operation.input_shape, form, "") if operation.input_shape else {}


def _read(shape: Shape, form: Mapping[str, str], at: str) -> Value:
    if shape.type_name == "structure":
        found = {}
        for name, member in shape.members.items():
            place = f"{at}{'.' if at else ''}{member.serialization.get('name', name)}"
            if any(key == place or key.startswith(f"{place}.") for key in form):
                found[name] = _read(member, form, place)
        return found
    if shape.type_name == "list":
        step = "" if shape.serialization.get("flattened") else _item(shape)
        items: list[Value] = []
        while any(_is_at(key, f"{at}{step}.{len(items) + 1}") for key in form):
            items.append(_read(shape.member, form, f"{at}{step}.{len(items) + 1}"))
        return items
    text = form.get(at, "")
    if shape.type_name == "boolean":
        return text == "true"
    return int(text) if shape.type_name == "integer" else text


def _item(shape: Shape) -> str:
    return f".{shape.member.serialization.get('name', 'member')}"


def _is_at(key: str, place: str) -> bool:
    return key == place or key.startswith(f"{place}.")
