"""The resources that cdk-nag was handed: those of an environment's constructs, with their class.

A rule asks for classes of the CDK; a template tells types. tree.json has the class of each
construct, so a generic ``CfnResource`` of some type is not taken for the class of that type. It
has the properties, too, that rules see; a raw override changes the template behind their back.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.templates.assembly import Reading, Template
from policies.waivers import place_of
from runbook.model.environment import Environment
from runbook.model.refusal import Refusal, RefusedError

Json = Any
TREE = "tree.json"
_PATH = "aws:cdk:path"
_TYPE, _PROPERTIES = "aws:cdk:cloudformation:type", "aws:cdk:cloudformation:props"
_AGAIN = "synthesize again: make synth"


@dataclass(frozen=True, slots=True)
class NagResource:
    """A resource of a template; ``template`` is the file's path within the assembly.

    ``construct_class`` is as in tree.json, such as ``aws-cdk-lib.aws_s3.CfnBucket``.
    ``overridden`` are properties of which the template says otherwise than the construct, and all
    where the tree does not tell the construct's.
    """

    template: str
    logical_id: str
    type: str
    construct_path: str
    construct_class: str
    location: str
    overridden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NagResources:
    """``handed`` are those that each rule was handed; ``apart`` stand in no construct.

    ``kinds`` has them by class and type; ``overridden`` are the properties that any of them has.
    """

    handed: tuple[NagResource, ...]
    apart: tuple[str, ...]
    kinds: Mapping[tuple[str, str], tuple[NagResource, ...]]
    overridden: frozenset[str]


def nag_resources(assembly: Path, environment: Environment, reading: Reading) -> NagResources:
    """Join the templates of the environment's two Stages with the tree of constructs.

    ``reading`` is of ``assembly``, with paths within it.
    Raises ``RefusedError`` where they disagree: a rule may have looked at what is in no template.
    """
    unread = [t for t in reading.troubles if not t.of_asset]
    if unread:
        refusals = [Refusal(t.template, t.reason, _AGAIN) for t in unread]
        raise RefusedError(str(assembly), refusals)
    tree = _tree(assembly)
    handed: list[NagResource] = []
    apart: list[str] = []
    for template in reading.templates:
        for logical_id, path, body in _resources(template, environment):
            if path in tree:
                handed.append(_handed(template, logical_id, body, tree[path]))
            else:
                apart.append(f"{logical_id} in {template.path}")
    types = {resource.construct_path: resource.type for resource in handed}
    lost = sorted(
        path
        for path, construct in tree.items()
        if construct.type and construct.type != types.get(path) and place_of(path, [environment])[0]
    )
    if lost or not handed:
        reason = f"{TREE} and the templates disagree: no template has {', '.join(lost) or 'any'}"
        raise RefusedError(str(assembly), [Refusal(environment.name, reason, _AGAIN)])
    kinds = defaultdict(list)
    for resource in handed:
        kinds[resource.construct_class, resource.type].append(resource)
    overridden = frozenset(name for resource in handed for name in resource.overridden)
    by_kind = {kind: tuple(resources) for kind, resources in kinds.items()}
    return NagResources(tuple(handed), tuple(apart), by_kind, overridden)


def _handed(
    template: Template, logical_id: str, body: Mapping[str, Any], construct: "_Construct"
) -> NagResource:
    return NagResource(
        template.path,
        logical_id,
        str(body.get("Type")),
        construct.path,
        construct.construct_class,
        template.sources.get(logical_id, ""),
        tuple(sorted(_overridden(construct.properties, body.get("Properties")))),
    )


def _overridden(given: Json, written: Json) -> Iterator[str]:
    """Name the properties that differ; the tree begins names with small letters."""
    known = _small(given) if isinstance(given, dict) else {}
    for name, value in (written if isinstance(written, dict) else {}).items():
        if known.pop(name.lower(), None) != _small(value):
            yield name
    yield from known


def _small(value: Json) -> Json:
    if isinstance(value, dict):
        return {name.lower(): _small(item) for name, item in value.items()}
    return [_small(item) for item in value] if isinstance(value, list) else value


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


@dataclass(frozen=True, slots=True)
class _Construct:
    """What tree.json says of a construct; ``type`` and ``properties`` of resources' classes."""

    path: str
    construct_class: str
    type: str | None
    properties: Json


def _tree(assembly: Path) -> dict[str, _Construct]:
    """Map construct paths to constructs."""
    found: dict[str, _Construct] = {}
    try:
        waiting = [json.loads((assembly / TREE).read_text("utf-8"))["tree"]]
        while waiting:
            node = waiting.pop()
            path, said = node["path"], node.get("attributes", {})
            class_ = node["constructInfo"]["fqn"]
            found[path] = _Construct(path, class_, said.get(_TYPE), said.get(_PROPERTIES))
            waiting += node.get("children", {}).values()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"it cannot be read, so no rule is known to have looked at anything: {error!r}"
        raise RefusedError(str(assembly), [Refusal(TREE, reason, _AGAIN)]) from None
    return found
