"""What a change set changes, value by value (`IncludePropertyValues`), which ministack leaves out.

What a resource was is told with what stands in the stack now; what it will be, with
`{{changeSet:KNOWN_AFTER_APPLY}}` wherever it names a resource that is made anew.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from xml.sax.saxutils import escape

from sandbox.emulator.patching import PATCHES, Function

CLOUDFORMATION = "ministack.services.cloudformation"
CHANGE_SETS = "ministack.services.cloudformation.changesets"
HANDLERS = "ministack.services.cloudformation.handlers"
STACKS = "ministack.services.cloudformation.stacks"
ENGINE = "ministack.services.cloudformation.engine"
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
CONTEXTS = ("BeforeContext", "AfterContext")
CHANGE = re.compile(
    r"<LogicalResourceId>(?P<name>[^<]*)</LogicalResourceId>(?P<rest>.*?)</ResourceChange>", re.S
)
# Properties that change in place; every other one is create-only, as the resource's schema says.
IN_PLACE = {"AWS::ECS::TaskDefinition": {"Tags", "EnableFaultInjection"}}
Members = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]

PATCHES.needs(CLOUDFORMATION, "_stacks", "changesets", "engine")
PATCHES.needs(CHANGE_SETS, "_find_change_set", "_p", "_stack_region_context")
PATCHES.needs(ENGINE, "_evaluate_conditions", "_resolve_refs")


@PATCHES.wrap(STACKS, "_property_recreation", parameters=("resource_type", "name"))
def property_recreation(original: Function, resource_type: str, name: str) -> str:
    """Know which properties make a resource anew where ministack only supposes it."""
    if resource_type in IN_PLACE:
        return "Never" if name in IN_PLACE[resource_type] else "Always"
    return str(original(resource_type, name))


@PATCHES.wrap(HANDLERS, "_ACTION_HANDLERS", parameters=("params",), entry="CreateChangeSet")
def create_change_set(original: Function, params: Members) -> Answer:
    """Keep with the change set what its resources are before and after."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import changesets

    answer: Answer = original(params)
    if answer[0] != 200:
        return answer
    found = re.search(rb"<Id>([^<]+)</Id>", answer[2])
    _, change_set = changesets._find_change_set(found[1].decode() if found else "")
    stack = cloudformation._stacks[change_set["StackName"]]
    with changesets._stack_region_context(stack, stack["StackId"]):
        _add_contexts(change_set, stack)
    return answer


@PATCHES.wrap(HANDLERS, "_ACTION_HANDLERS", parameters=("params",), entry="DescribeChangeSet")
def describe_change_set(original: Function, params: Members) -> Answer:
    """Tell what was kept, where the caller asks for it."""
    from ministack.services.cloudformation import changesets

    status, headers, body = original(params)
    asked = str(changesets._p(params, "IncludePropertyValues")).lower() == "true"
    if status != 200 or not asked:
        return status, headers, body
    _, change_set = changesets._find_change_set(
        changesets._p(params, "ChangeSetName"), changesets._p(params, "StackName")
    )
    kept = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in change_set["Changes"]
    }

    def with_contexts(found: re.Match[str]) -> str:
        change = kept[found["name"]]
        told = "".join(
            f"<{name}>{escape(change[name])}</{name}>" for name in CONTEXTS if name in change
        )
        return found[0].removesuffix("</ResourceChange>") + told + "</ResourceChange>"

    return status, headers, CHANGE.sub(with_contexts, body.decode()).encode()


def _add_contexts(change_set: Members, stack: Members) -> None:
    changes = [change["ResourceChange"] for change in change_set["Changes"]]
    now = stack.get("_resources", {})
    new = {
        change["LogicalResourceId"]: _Unknown()
        for change in changes
        if change["Action"] == "Add" or change.get("Replacement") == "True"
    }
    for change in changes:
        name = change["LogicalResourceId"]
        if change["Action"] in ("Modify", "Remove"):
            parameters = stack.get("_resolved_params", {})
            before = _resolved(stack["_template"], parameters, name, now, stack)
            change["BeforeContext"] = json.dumps(before)
        if change["Action"] in ("Add", "Modify"):
            parameters = change_set["_resolved_params"]
            after = _resolved(change_set["_template"], parameters, name, {**now, **new}, stack)
            change["AfterContext"] = json.dumps(after)


def _resolved(
    template: Members, parameters: Members, name: str, resources: Members, stack: Members
) -> Members:
    """Return a resource as a change set's context tells it: properties resolved, the rest as is."""
    from ministack.services.cloudformation import engine

    resource = copy.deepcopy(template["Resources"][name])
    properties = engine._resolve_refs(
        resource.get("Properties", {}),
        resources,
        parameters,
        engine._evaluate_conditions(template, parameters),
        template.get("Mappings", {}),
        stack["StackName"],
        stack["StackId"],
    )
    kept = ("DeletionPolicy", "Metadata", "UpdateReplacePolicy")
    return {"Properties": properties, **{key: resource[key] for key in kept if key in resource}}


class _Any(dict[str, str]):
    """Attributes of a resource that is not there yet: each is known later."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return LATER


class _Unknown(dict[str, Any]):
    """The record of such a resource."""

    def __init__(self) -> None:
        super().__init__(PhysicalResourceId=LATER, Attributes=_Any())
