"""The resources that cdk-nag was handed: those of an environment's constructs, with their class.

A rule asks for classes of the CDK; a template tells types. tree.json has the class of each
construct, so a generic ``CfnResource`` of some type is not taken for the class of that type.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.templates.assembly import Template, read
from policies.waivers import place_of
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

TREE = "tree.json"
_PATH, _TYPE = "aws:cdk:path", "aws:cdk:cloudformation:type"
_AGAIN = "synthesize again: make synth"


@dataclass(frozen=True, slots=True)
class NagResource:
    """A resource of a template; ``template`` is the file's path within the assembly.

    ``construct_class`` is as in tree.json, such as ``aws-cdk-lib.aws_s3.CfnBucket``.
    """

    template: str
    logical_id: str
    type: str
    construct_path: str
    construct_class: str
    location: str


@dataclass(frozen=True, slots=True)
class NagResources:
    """``handed`` are those that each rule was handed; ``apart`` stand in no construct."""

    handed: tuple[NagResource, ...]
    apart: tuple[str, ...]


def nag_resources(assembly: Path, environment: Environment) -> NagResources:
    """Join the templates of the environment's two Stages with the tree of constructs.

    Raises ``RefusedError`` where they disagree: a rule may have looked at what is in no template.
    """
    reading = read(assembly)
    unread = [t for t in reading.troubles if not t.of_asset]
    if unread:
        refusals = [Refusal(t.template, t.reason, _AGAIN) for t in unread]
        raise RefusedError(str(assembly), refusals)
    classes, typed = _tree(assembly)
    handed, apart = [], []
    for template in reading.templates:
        for logical_id, path, body in _resources(template, environment):
            file = template.path.partition("/")[2]
            if path not in classes:
                apart.append(f"{logical_id} in {file}")
                continue
            location = template.sources.get(logical_id, "")
            made = (logical_id, body["Type"], path, classes[path], location)
            handed.append(NagResource(file, *made))
    found = {resource.construct_path for resource in handed}
    lost = [p for p in typed if p not in found and place_of(p, [environment])[0]]
    if lost or not handed:
        reason = f"{TREE} and the templates disagree: no template has {', '.join(lost) or 'any'}"
        raise RefusedError(str(assembly), [Refusal(environment.name, reason, _AGAIN)])
    return NagResources(tuple(handed), tuple(apart))


def _resources(
    template: Template, environment: Environment
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Give logical id, construct path and body of what is the environment's."""
    own = template.label == (environment.organisation, environment.environment)
    for logical_id, body in template.body["Resources"].items():
        metadata = body.get("Metadata") if isinstance(body, dict) else None
        path = metadata.get(_PATH) if isinstance(metadata, dict) else None
        if isinstance(path, str) and place_of(path, [environment])[0]:
            yield logical_id, path, body
        elif own:
            yield logical_id, "", body


def _tree(assembly: Path) -> tuple[dict[str, str], list[str]]:
    """Map construct paths to classes, and list those that are of a class of resources."""
    classes: dict[str, str] = {}
    typed: list[str] = []
    try:
        waiting = [json.loads((assembly / TREE).read_text("utf-8"))["tree"]]
        while waiting:
            node = waiting.pop()
            classes[node["path"]] = node["constructInfo"]["fqn"]
            if _TYPE in node.get("attributes", {}):
                typed.append(node["path"])
            waiting += node.get("children", {}).values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"it cannot be read, so no rule is known to have looked at anything: {error!r}"
        raise RefusedError(str(assembly), [Refusal(TREE, reason, _AGAIN)]) from None
    return classes, sorted(typed)
