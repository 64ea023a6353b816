"""ROVN-SEC-1: a template is read by many and kept for ever; no secret stands in it."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from policies.lookups.environment_variables import is_place_of_variables
from policies.lookups.secret_properties import NAMES, NOT_SECRET, OF_TYPE
from policies.lookups.secret_values import (
    held_by,
    known_shape,
    only_reference,
    resolved_at_deploy,
    says_secret,
)
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope, Stack
from policies.templates.values import Unknown, UnresolvedError, as_text

Json = Any
_TEMPLATE = "GenerateSecretString.SecretStringTemplate"
_SETTINGS = {"AWS::SSM::Parameter": ("Value",), "AWS::SecretsManager::Secret": (_TEMPLATE,)}
Path = tuple[str, ...]
_KEY = re.compile(r'"([\w-]+)": ')
# Which key of a secret a dynamic reference takes; none is the whole of it.
_RESOLVED = re.compile(
    r"\{\{resolve:(?:secretsmanager|ssm-secure):[^{}]*?(?:SecretString:([^:{}]*)[^{}]*)?\}\}"
)
_NOT_SECRET_KEYS = ("dbname", "engine", "host", "port", "username")
_NAMED = NAMES | {name for _, name in OF_TYPE}


def _judge_stack(stack: Stack, _: Scope) -> Iterator[str]:
    """Look at all text as written, and at properties again with their functions worked out."""
    sections = {key: item for key, item in stack.template.body.items() if key != "Resources"}
    if known_shape(as_text(sections)):
        yield from _faults(sections, ())
    for resource in stack.resources.values():
        if resolved_at_deploy(resource.text):
            yield from _spilt(resource)
        if known_shape(resource.text) or "UserData" in resource.text:
            at = ("Resources", resource.logical_id)
            written = list(_faults(resource.body, at))
            yield from written or _faults(resource.properties, (*at, "Properties"))


def _spilt(resource: Resource) -> Iterator[str]:
    """Tell where the deploy would write a secret in plain, outside of what holds secrets."""
    for where, text in _texts(resource.properties, ("Resources", resource.logical_id)):
        named = [step for step in where if not step.isdigit()][-1]
        secrets = [key for key in _RESOLVED.findall(text) if key not in _NOT_SECRET_KEYS]
        if secrets and not _takes_secret(resource, named):
            yield f"{'.'.join(where)} gets a secret from the deploy, and everybody reads it there"


def _takes_secret(resource: Resource, name: str) -> bool:
    """Tell what holds a secret by its name, and the address of a pager, which is one as a whole."""
    pager = resource.type == "AWS::SNS::Subscription" and name == "Endpoint"
    by_https = (
        pager and resource.at("Protocol") == "https" and only_reference(resource.properties[name])
    )
    return by_https or _holds_secret(resource.type, name)


def _faults(value: Json, path: Path) -> Iterator[str]:
    for where, text in _texts(value, path):
        if kind := known_shape(text):
            yield f"{'.'.join(where)} holds what looks like {kind}"


def _texts(whole: Json, start: Path) -> Iterator[tuple[Path, str]]:
    """List all text but that of environment variables, which have a rule of their own."""
    waiting: list[tuple[Path, Json]] = [(start, whole)]
    while waiting:
        path, value = waiting.pop()
        match value:
            case dict():
                yield from (((*path, "(a key)"), key) for key in value if known_shape(key))
                waiting += _below(path, value)
            case list():
                waiting += [((*path, str(n)), value[n]) for n in reversed(range(len(value)))]
            case Unknown():
                yield path, value.text
            case str():
                yield path, value
                if path[-1:] == ("UserData",):
                    yield path, _decoded(value)


def _below(path: Path, value: dict[str, Json]) -> list[tuple[Path, Json]]:
    """List what else stands in an object, the last first."""
    found = [
        ((*path, key), item)
        for key, item in value.items()
        if not known_shape(key) and not is_place_of_variables((*path, key), item)
    ]
    return list(reversed(found))


def _decoded(text: str) -> str:
    """Read user data that was encoded by hand."""
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


@lru_cache(maxsize=2)
def _sensitive(resource: Resource) -> tuple[tuple[str, Json], ...]:
    """List the properties of a resource that hold a secret by their name, with their paths."""
    if not _NAMED & set(_KEY.findall(resource.text.lower())):
        return ()

    def walk(value: Json, path: str) -> Iterator[tuple[str, Json]]:
        if isinstance(value, dict):
            for key, item in value.items():
                below = f"{path}.{key}".lstrip(".")
                if _holds_secret(resource.type, key) and not isinstance(item, dict):
                    given = item if isinstance(item, list) else [item]
                    yield from ((below, one) for one in given)
                else:
                    yield from walk(item, below)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from walk(item, f"{path}.{number}")

    return tuple(walk(resource.properties, ""))


def _holds_secret(resource_type: str, name: str) -> bool:
    place = (resource_type, name.lower())
    return (name.lower() in NAMES and place not in NOT_SECRET) or place in OF_TYPE


def _has_one(resource: Resource, _: Scope) -> bool:
    paths = _SETTINGS.get(resource.type, ())
    held = any(resource.at(path) is not None for path in paths)
    return held or bool(_sensitive(resource))


def _setting(resource: Resource) -> Iterator[str]:
    """Judge what holds a value under a name of its own: a parameter, the rest of a secret."""
    if resource.type == "AWS::SSM::Parameter":
        for reason in held_by(str(resource.at("Name", "")), str(resource.at("Value", ""))):
            yield f"Value holds {reason}"
    elif resource.type == "AWS::SecretsManager::Secret":
        for name in _json(resource.at(_TEMPLATE, "{}")):
            if says_secret(name):
                yield f"{_TEMPLATE}.{name} is written out: only GenerateStringKey is generated"


def _json(text: str) -> dict[str, Json]:
    try:
        return dict(json.loads(text))
    except (TypeError, ValueError):
        raise UnresolvedError(f"{_TEMPLATE} is no object in JSON") from None


def _judge(resource: Resource, _: Scope) -> Iterator[str]:
    yield from _setting(resource)
    for path, value in _sensitive(resource):
        text = value.text if isinstance(value, Unknown) else value
        if isinstance(value, Unknown) and not only_reference(text):
            yield f"{path} is open: it has to be a dynamic reference to a secret"
        elif not isinstance(text, str) or not only_reference(text):
            yield f"{path} is written out: it has to be a dynamic reference to a secret"


RULE = Rule(
    id="no-secret-in-template",
    title="No secret stands in a template, and what takes one gets it by reference",
    why="Templates are kept by CloudFormation, in the assets bucket and in the repository; a "
    "secret in one is read by everybody who may look at a stack, and outlives its rotation.",
    remedy="Declare it in the environment file's [secrets], let Secrets Manager generate it, and "
    "refer to it with {{resolve:secretsmanager:...}}; then rotate what stood here.",
    clauses=("ROVN-SEC-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST IA-5(7)", "NIST SC-28", "SOC2 CC6.1"),
    types=ANY,
    concerns=_has_one,
    judge=_judge,
    judge_stack=_judge_stack,
    waivable=False,
)
