"""ROVN-DEP-3: a deploy is a new task definition revision; forcing one starts the old again."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.forced_deployment import is_forced
from policies.lookups.restart_machine import without_restarts
from policies.rule import ANY, Rule
from policies.source_file import FileKind, SourceFile
from policies.templates.assembly import ROOT
from policies.templates.assets import contents
from policies.templates.scope import Resource, Scope, Stack
from policies.templates.values import Unknown, UnresolvedError

Json = Any
# Where code stands in a template, and where it says under which key it was uploaded.
_CODE: Mapping[str, tuple[str, ...]] = {
    "AWS::CodeBuild::Project": ("Source.BuildSpec",),
    "AWS::Lambda::Function": ("Code.ZipFile",),
    "AWS::StepFunctions::StateMachine": ("DefinitionString", "Definition"),
}
_UPLOADED: Mapping[str, str] = {
    "AWS::Lambda::Function": "Code.S3Key",
    "AWS::Lambda::LayerVersion": "Content.S3Key",
    "AWS::StepFunctions::StateMachine": "DefinitionS3Location.Key",
}
_IMAGE = "Code.ImageUri"
# Of this repository, in the library that evidence is made with: who looks for it has to spell it,
# and who may update a service is another rule's (who-updates-services).
_LOOK_FOR_IT = ("examples/", "policies/", "sandbox/rehearsal/", "tests/")
_HOLE = re.compile(r"\$\{[^}]*\}|\s")


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for path in _CODE.get(resource.type, ()):
        _must_be_readable(resource, path)
    if scope.whole and resource.type in _UPLOADED:
        yield from _unseen(resource)
    if not is_forced(resource.text) and "DefinitionSubstitutions" not in resource.text:
        return
    where = _places(resource, scope)
    if where:
        named = ", ".join(dict.fromkeys(where))
        yield f"{named} forces a new deployment: it starts the same revision again"


def _places(resource: Resource, scope: Scope) -> list[str]:
    """List where it is forced, but for the restarts that follow a rotation."""
    spared = without_restarts(resource, scope)
    if spared is not None:
        return list(_forced(spared, ""))
    where = list(_forced(_substituted(resource), ""))
    # As it is written, too: what CloudFormation alone works out, and what is no property.
    return where + [
        place for place in _forced(dict(resource.body), "") if not _within(place, where)
    ]


def _within(place: str, others: list[str]) -> bool:
    return any(place == other or place.startswith(f"{other}.") for other in others)


def _must_be_readable(resource: Resource, path: str) -> None:
    """Refuse code that is nothing but a value given at the deploy."""
    value = resource.properties
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else value
    if isinstance(value, Unknown) and not _HOLE.sub("", value.text):
        raise UnresolvedError(f"{path} is open: nobody can see what it does")


def _substituted(resource: Resource) -> Json:
    """Fill in what a state machine substitutes in its own definition."""
    properties = resource.properties
    if not isinstance(properties, dict) or "DefinitionSubstitutions" not in properties:
        return properties
    values, text = properties["DefinitionSubstitutions"], properties.get("DefinitionString")
    if isinstance(values, Unknown):
        raise UnresolvedError("DefinitionSubstitutions is open: nobody can see what it does")
    if isinstance(text, str):
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value if isinstance(value, str) else "")
        return {**properties, "DefinitionString": text}
    return properties


def _forced(value: Json, path: str) -> Iterator[str]:
    """List the outermost places that name it."""
    match value:
        case dict():
            for key, item in value.items():
                below = f"{path}.{key}".removeprefix(".").removeprefix("Properties.")
                if is_forced(key):
                    yield below
                else:
                    yield from _forced(item, below)
        case list():
            found = [
                place
                for number, item in enumerate(value)
                for place in _forced(item, f"{path}.{number}")
            ]
            # A command whose words stand one by one.
            words = " ".join(word for word in value if isinstance(word, str))
            yield from found or ([path] if is_forced(words) else [])
        case str() | Unknown():
            if is_forced(value.text if isinstance(value, Unknown) else str(value)):
                yield path


def _unseen(resource: Resource) -> Iterator[str]:
    key = resource.at(_UPLOADED[resource.type])
    if key is not None and key not in resource.stack.template.assets:
        yield f"its code, {key}, is no asset of this assembly: nobody can see what it does"
    if resource.at(_IMAGE) is not None:
        yield "its code is an image: nobody can see what it does"


def _judge_stack(stack: Stack, _: Scope) -> Iterator[str]:
    """Read what is uploaded with the stack: handlers, definitions, buildspecs."""
    for key, asset in stack.template.assets.items():
        code = any(r.type in _UPLOADED and key in r.text for r in stack.resources.values())
        try:
            for name, data in contents(asset):
                if is_forced(data) and (code or not _looks_for_it(name, data)):
                    yield f"{name} in the asset {key} forces a new deployment"
        except OSError as error:
            yield f"the asset {key} cannot be read: {error}"


def _looks_for_it(name: str, data: bytes) -> bool:
    """Tell a rule, a test or a drill of ours, byte for byte, which no function has for its code."""
    own = ROOT / name
    return name.startswith(_LOOK_FOR_IT) and own.is_file() and own.read_bytes() == data


def _judge_file(file: SourceFile) -> Iterator[str]:
    if is_forced(file.data):
        yield "it forces a new deployment: that starts the same revision again"


RULE = Rule(
    id="no-forced-deployment",
    title="Nothing forces a new deployment of a service but the restart after a rotation",
    why="Forcing starts the same revision again: the release looks done, and the old image runs.",
    remedy="Release with a change set that sets ImageTag, which registers a new revision; leave "
    "ForceNewDeployment out, even switched off. What follows a rotation may set it, with a cluster "
    "and a service and no other parameter.",
    clauses=("ROVN-DEP-3",),
    controls=("NIST CM-3", "SOC2 CC8.1"),
    types=ANY,
    judge=_judge,
    judge_stack=_judge_stack,
    files=(FileKind.CODE,),
    judge_file=_judge_file,
)
