"""What a change set would change, value by value, and which of it a release is there to change.

CloudFormation says what a resource was and will be (``IncludePropertyValues``); ECS says what
really runs. Both are compared, so that neither drift nor a changed template goes unseen
(ROVN-DEP-6).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runbook.operations.preview import Change
from runbook.operations.services import Running

Json = Any
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
TASK_DEFINITION, SERVICE = "AWS::ECS::TaskDefinition", "AWS::ECS::Service"
# The app's revision names its migrations', which is replaced with it.
_FOLLOWS = {TASK_DEFINITION: "DockerLabels.runbook.migrations-task-definition"}
# What the runbook promises to leave as it is, unless somebody says otherwise.
_OF_CONTAINERS = ("Environment", "Image", "Secrets", "Command")
_UNKNOWN = "(not told)"


def changes(
    change_set: Sequence[Mapping[str, Any]], tag: str, running: Mapping[str, Any] | None
) -> list[Change]:
    """List the changes of a change set's resources, and what differs from what runs."""
    found: dict[str, Change] = {}
    for entry in change_set:
        resource = entry.get("ResourceChange", {})
        for change in _resource(resource, tag):
            found[change.where] = change
        after = _properties(resource.get("AfterContext"))
        if running and after and after.get("Family") == running.get("family"):
            for change in _drift(after, running, tag):
                found[change.where] = change
    return sorted(found.values(), key=lambda change: (change.expected, change.where))


def compared(running: Running | None) -> Iterator[str]:
    """Say what was compared, so that "no change" can be told from "not looked at"."""
    if running is None:
        return
    definition = running.definition
    containers = definition.get("containerDefinitions", [])
    variables = sum(len(c.get("environment", [])) for c in containers)
    secrets = sum(len(c.get("secrets", [])) for c in containers)
    yield (
        f"compared with what runs: {len(containers)} containers, {variables} variables, "
        f"{secrets} secrets, cpu {definition.get('cpu')}, memory {definition.get('memory')}"
    )


def _resource(resource: Mapping[str, Any], tag: str) -> Iterator[Change]:
    type_, name = str(resource.get("ResourceType")), str(resource.get("LogicalResourceId"))
    if resource.get("Action") != "Modify":
        yield Change(name, type_, str(resource.get("Action")), expected=False)
        return
    before, after = (_properties(resource.get(f"{when}Context")) for when in ("Before", "After"))
    if before is None or after is None:
        yield from _details(resource, name)
        return
    label = str(after.get("Family") or after.get("ServiceName") or name)
    yield from _compared(label, type_, flat(before), flat(after), tag)


def _compared(
    label: str, type_: str, before: Mapping[str, str], after: Mapping[str, str], tag: str
) -> Iterator[Change]:
    for path in sorted({*before, *after}):
        old, new = before.get(path, ""), after.get(path, "")
        if old != new:
            yield Change(f"{label} {path}", old, new, _expected(type_, path, old, new, tag))


def _expected(type_: str, path: str, old: str, new: str, tag: str) -> bool:
    """Tell the image, and what only follows from a new revision, from everything else."""
    if type_ == TASK_DEFINITION and path.startswith("ContainerDefinitions."):
        if path.endswith(".Image"):
            repository, _, _ = old.rpartition(":")
            return bool(repository) and new == f"{repository}:{tag}"
        return path.endswith(_FOLLOWS[type_]) and bool(old) and _is_revision(new)
    return type_ == SERVICE and path == "TaskDefinition" and bool(old) and _is_revision(new)


def _is_revision(value: str) -> bool:
    return value == LATER or ":task-definition/" in value


def _details(resource: Mapping[str, Any], name: str) -> Iterator[Change]:
    """Without the values only names are told: none of them can be taken for the image alone."""
    details = resource.get("Details") or [{}]
    for detail in details:
        target = detail.get("Target", {})
        path = target.get("Name") or target.get("Attribute") or _UNKNOWN
        before = str(target.get("BeforeValue", _UNKNOWN))
        after = str(target.get("AfterValue", _UNKNOWN))
        yield Change(f"{name} {path}", before, after, expected=False)


def _drift(after: Json, running: Mapping[str, Any], tag: str) -> Iterator[Change]:
    """Compare the new revision with the one that runs, whichever the stack thinks that is."""
    family = str(running["family"])
    described = _as_template(running)
    old = {path: text for path, text in flat(described).items() if _kept(path)}
    new = {path: text for path, text in flat(after).items() if _kept(path)}
    # A value CloudFormation cannot tell yet is compared by the change set's own words.
    later = [path for path, text in new.items() if LATER in text]
    for path in later:
        old.pop(path, None)
        new.pop(path)
    yield from _compared(family, TASK_DEFINITION, old, new, tag)


def _kept(path: str) -> bool:
    parts = path.split(".")
    if parts[0] in ("Cpu", "Memory"):
        return len(parts) == 1
    return parts[0] == "ContainerDefinitions" and len(parts) > 2 and parts[2] in _OF_CONTAINERS


def _as_template(described: Mapping[str, Any]) -> Json:
    """Write a described task definition as a template spells it."""
    return {
        "Cpu": described.get("cpu"),
        "Memory": described.get("memory"),
        "ContainerDefinitions": [
            {
                "Name": container["name"],
                "Image": container.get("image"),
                "Command": container.get("command") or [],
                "Environment": [
                    {"Name": e["name"], "Value": e["value"]}
                    for e in container.get("environment", [])
                ],
                "Secrets": [
                    {"Name": s["name"], "ValueFrom": s["valueFrom"]}
                    for s in container.get("secrets", [])
                ],
            }
            for container in described.get("containerDefinitions", [])
        ],
    }


def _properties(context: str | None) -> dict[str, Json] | None:
    """Read the properties of a context; None when CloudFormation gave none."""
    try:
        properties = json.loads(context or "")["Properties"]
    except (ValueError, KeyError, TypeError):
        return None
    return properties if isinstance(properties, dict) else None


def flat(value: Json, path: str = "") -> dict[str, str]:
    """Spread a value out: dotted path to text; lists of named things go by their names."""
    if isinstance(value, list):
        value = _by_name(value)
    if not isinstance(value, dict):
        return {path: "" if value is None else _text(value)}
    found: dict[str, str] = {}
    for key, item in value.items():
        found |= flat(item, f"{path}.{key}".removeprefix("."))
    return found


def _by_name(items: list[Json]) -> dict[str, Json]:
    if all(isinstance(item, dict) and "Name" in item for item in items):
        named = {str(item["Name"]): item for item in items}
        if len(named) == len(items):
            return {name: _alone(item) for name, item in named.items()}
    return {str(number): item for number, item in enumerate(items)}


def _alone(item: dict[str, Json]) -> Json:
    """Drop the name; of a pair, as of a variable, keep the value alone."""
    rest = {key: value for key, value in item.items() if key != "Name"}
    return next(iter(rest.values())) if set(rest) in ({"Value"}, {"ValueFrom"}) else rest


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
