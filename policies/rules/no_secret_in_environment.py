"""ROVN-SEC-1: environment variables hold settings, never a secret."""

import re
from collections.abc import Iterator
from typing import Any

from policies.lookups.environment_variables import Variable, VariableFile, variables_of
from policies.lookups.secret_values import held_by, known_shape, says_secret
from policies.lookups.services import TASK_DEFINITION, containers
from policies.rule import ANY, Rule
from policies.source_file import FileKind, SourceFile, leaves
from policies.templates.scope import Resource, Scope
from policies.templates.values import Reference, Unknown

Json = Any
# What stands in every name that variables are kept under.
_WORDS = ("env", "variables", "buildspec", "definitionstring", '"input"')
_COMMANDS = ("Command", "EntryPoint", "HealthCheck.Command")
# A value that is taken from a variable, or a file, is none.
_SET = re.compile(r"(?:^|[\s;&|'\"])-{0,2}([A-Za-z][\w-]*)=['\"]?([^\s;&|'\"$<{][^\s;&|'\"]*)")
_HOLE = re.compile(r"\$\{([^}]*)\}")
# What the runner of a workflow fills in.
_EXPRESSION = re.compile(r"\$\{\{[^}]*\}\}")


def _sets_some(resource: Resource, _: Scope) -> bool:
    text = resource.text.lower()
    if any(word in text for word in _WORDS) and any(
        True for _ in variables_of(resource.properties)
    ):
        return True
    return any(_in_commands(resource))


def _in_commands(resource: Resource) -> Iterator[str]:
    """Judge what a container's command sets for itself, as a variable or as an option."""
    if resource.type != TASK_DEFINITION:
        return
    for container in containers(resource):
        for path in _COMMANDS:
            text = _text(container.at(path, []))
            for name, value in _SET.findall(text):
                if says_secret(name) and any(held_by(name, value)):
                    yield f"{path} of {container.name} sets {name}, whose name says it is a secret"


def _text(words: object) -> str:
    given = words if isinstance(words, list) else [words]
    return " ".join(word.text if isinstance(word, Unknown) else str(word) for word in given)


def _judge(resource: Resource, _: Scope) -> Iterator[str]:
    yield from _in_commands(resource)
    for found in variables_of(resource.properties):
        if isinstance(found, VariableFile):
            yield f"{found.path} reads variables from a file that nobody judges"
            continue
        for reason in _faults(found, resource):
            yield f"{found.path}: the variable {found.name} holds {reason}"


def _faults(variable: Variable, resource: Resource) -> Iterator[str]:
    value = variable.value
    match value:
        case Reference():
            if says_secret(value.attribute):
                yield f"a secret that the deploy reads from {value.logical_id}.{value.attribute}"
            else:
                yield from held_by("", str(value))
        case Unknown():
            yield from _open(variable.name, value, resource)
        case str() | bool() | int() | float():
            yield from held_by(variable.name, str(value))
        case dict() | list():
            yield "a structure instead of text, which cannot be judged"


def _open(name: str, value: Unknown, resource: Resource) -> Iterator[str]:
    """Judge what can be read of an open value; a parameter without a secret is let pass."""
    if says_secret(name):
        yield "an open value, and its name says that it is a secret"
        return
    declared = resource.stack.template.body.get("Parameters", {})
    for hole in _HOLE.findall(value.text):
        parameter = declared.get(hole) if isinstance(declared, dict) else None
        if not isinstance(parameter, dict) and not hole.startswith("AWS::"):
            yield "an open value that is no parameter of the template"
        elif says_secret(hole) or (isinstance(parameter, dict) and parameter.get("NoEcho")):
            yield f"the parameter {hole}, which is a secret"
    yield from held_by(name, _HOLE.sub(" ", value.text))


def _judge_file(file: SourceFile) -> Iterator[str]:
    """Look at variables first; a key elsewhere, as in a command, is told without its place."""
    data = file.mapping()
    found = list(_in_variables(data))
    kinds = {kind for _, leaf in leaves(data) if (kind := known_shape(leaf))}
    yield from found or sorted(f"it holds what looks like {kind}" for kind in kinds)


def _in_variables(data: dict[Any, Any]) -> Iterator[str]:
    for found in variables_of(data):
        if isinstance(found, Variable):
            for reason in held_by(found.name, _plain(found.value)):
                yield f"{found.path}: the variable {found.name} holds {reason}"
    for job in (data.get("jobs") or {}).values():
        for place in (data, job, *(job.get("steps") or ())):
            for name, value in (place.get("env") or {}).items():
                for reason in held_by(name, _plain(value)):
                    yield f"the variable {name} holds {reason}"


def _plain(value: Json) -> str:
    """Take an expression that the runner fills in for nothing written here."""
    text = "" if value is None else str(value)
    return _EXPRESSION.sub("", text)


RULE = Rule(
    id="no-secret-in-environment",
    title="No environment variable holds a secret, under whatever name",
    why="Whoever may describe a task, a function or a build reads its variables, and every "
    "revision keeps them; a secret there has left Secrets Manager and its rotation.",
    remedy="Hand the secret over by reference: a secret of the environment file's [secrets], "
    "which the service's construct puts into the container's Secrets.",
    clauses=("ROVN-SEC-1",),
    controls=("HIPAA 164.312(a)(1)", "NIST IA-5(7)", "NIST SC-28", "SOC2 CC6.1"),
    types=ANY,
    concerns=_sets_some,
    judge=_judge,
    files=(FileKind.BUILDSPEC, FileKind.WORKFLOW),
    judge_file=_judge_file,
    waivable=False,
)
