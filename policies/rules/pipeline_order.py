"""ROVN-DEP-8: preview, approval, release, checks, evidence, in this order, nothing between."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from policies.lookups.delivery import PIPELINE, project_name, service_of, steps
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import closed, number
from runbook.access.delivery_names import APPROVE, approval_topic, pipeline

Json = Any
Object = Mapping[str, Json]
SOURCE, BUILD, PREVIEW, APPROVAL, RELEASE, VERIFY, EVIDENCE = ORDER = (
    "source",
    "image-build",
    "preview",
    "approval",
    "release",
    "verify",
    "evidence",
)
_KINDS = {("Source", "S3"): SOURCE, ("Approval", "Manual"): APPROVAL}
# What else an action or a stage may say. A role, a region, a condition or a command would have it
# do something else than its project, or nothing.
_OF_ACTION = {
    *("ActionTypeId", "Configuration", "InputArtifacts", "Name", "Namespace", "OutputArtifacts"),
    *("RunOrder", "TimeoutInMinutes"),
}
_OF_STAGE = {"Actions", "Name"}
# A step that only looks or builds may be tried once more.
_RETRIED = (BUILD, PREVIEW, VERIFY, EVIDENCE)


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    key = service_of(resource, scope)
    if key is None:
        yield f"no service of the environment file is released by {resource.at('Name')}"
        return
    yield from _settings(resource, scope)
    stages: list[Object] = closed(resource.at("Stages", []))
    found = [
        ([_kind(action, key, scope) for action in stage.get("Actions", [])], stage)
        for stage in stages
    ]
    if [kinds for kinds, _ in found] != [[step] for step in ORDER]:
        shown = ", ".join("+".join(kinds) or "nothing" for kinds, _ in found)
        yield f"its stages do {shown}, not {', '.join(ORDER)} one after the other"
        return
    by_step = {step: stage for (step,), stage in found}
    actions = {step: action for (step,), stage in found for (action,) in [stage["Actions"]]}
    for step, stage in by_step.items():
        yield from _stage(step, stage)
        for more in sorted(set(actions[step]) - _OF_ACTION):
            yield f"{step} says {more}, which may make something else of it"
    yield from _approval(by_step[APPROVAL], actions[APPROVAL], scope)
    yield from _handed_on(actions)


def _settings(resource: Resource, scope: Scope) -> Iterator[str]:
    wanted = {
        "PipelineType": ("V1", "V2"),
        # Superseded, an execution that waits for its approval gives way to a newer one.
        "ExecutionMode": ("SUPERSEDED", "QUEUED"),
        "RestartExecutionOnUpdate": (False, False),
        "RoleArn": (None, scope.principals.pipeline),
    }
    for path, (default, value) in wanted.items():
        if (given := resource.at(path, default)) != value:
            yield f"{path} is {given}, not {value}"
    for path in ("DisableInboundStageTransitions", "Triggers"):
        if resource.at(path, []):
            yield f"{path} is set: a stage could be shut, or a run begin, beside its source"


def _kind(action: Object, key: str, scope: Scope) -> str:
    """Name what an action does: a step of this service, or what is none."""
    given = action.get("ActionTypeId", {})
    what = (given.get("Category"), given.get("Provider"))
    if given.get("Owner") != "AWS":
        return f"{'/'.join(map(str, what))} of {given.get('Owner')}"
    if what != ("Build", "CodeBuild"):
        return _KINDS.get(what, "/".join(map(str, what)))
    name = project_name(action.get("Configuration", {}).get("ProjectName"), scope)
    of, step = steps(scope).get(name, (None, name))
    return step if of == key else name


def _stage(step: str, stage: Object) -> Iterator[str]:
    more = set(stage) - _OF_STAGE
    if step in _RETRIED and stage.get("OnFailure", {}).keys() <= {"Result", "RetryConfiguration"}:
        result = stage.get("OnFailure", {}).get("Result", "FAIL")
        more -= {"OnFailure"} if result in ("FAIL", "RETRY") else set()
    for name in sorted(more):
        yield f"the stage of {step} has {name}: it could be skipped, retried or rolled back"


def _approval(stage: Object, action: Object, scope: Scope) -> Iterator[str]:
    """Want the names that approvers are let in by, and the end of their time."""
    called = (stage.get("Name"), action.get("Name"))
    if called != (APPROVE, APPROVE):
        yield f"the approval is {'/'.join(map(str, called))}, not {APPROVE}/{APPROVE}: nobody may"
    hours = scope.environment.delivery.approval_hours
    # Without a time of its own it waits for a week.
    minutes = number(action.get("TimeoutInMinutes", 7 * 24 * 60))
    if minutes != hours * 60:
        yield f"the approval waits {minutes} minutes, not {hours * 60}"
    environment = scope.environment
    place = f"arn:aws:sns:{environment.region}:{environment.account}"
    asked = action.get("Configuration", {}).get("NotificationArn")
    if asked != f"{place}:{approval_topic(environment)}":
        yield f"the approval is asked for at {asked}, not at {approval_topic(environment)}"


def _handed_on(actions: Mapping[str, Object]) -> Iterator[str]:
    """Want each step to get what the one before made, and the release what the approver saw."""
    seen = actions[PREVIEW].get("Namespace", "")
    tag, before = (f"#{{{seen}.{name}}}" for name in ("IMAGE_TAG", "INSTEAD_OF"))
    suffix = "#{variables.IMAGE_SUFFIX}"
    wanted = {
        BUILD: (SOURCE, {"IMAGE_SUFFIX": suffix}),
        PREVIEW: (BUILD, {}),
        RELEASE: (BUILD, {"IMAGE_TAG": tag, "INSTEAD_OF": before}),
        VERIFY: (BUILD, {"IMAGE_TAG": tag}),
        EVIDENCE: (BUILD, {"IMAGE_TAG": tag}),
    }
    for step, (maker, variables) in wanted.items():
        action = actions[step]
        given, made = _names(action, "InputArtifacts"), _names(actions[maker], "OutputArtifacts")
        if given != made or len(made) != 1:
            yield f"{step} takes {', '.join(given) or 'nothing'}, not what {maker} made"
        configuration = action.get("Configuration", {})
        more = sorted(set(configuration) - {"EnvironmentVariables", "ProjectName"})
        if more:
            yield f"{step} sets {', '.join(more)}, which its project does not expect"
        if (said := _variables(configuration)) != variables:
            yield f"{step} is told {said}, not {variables}"


def _names(action: Object, of: str) -> list[str]:
    return [str(artifact.get("Name")) for artifact in action.get(of) or []]


def _variables(configuration: Object) -> Json:
    """Read the variables of an action; what is no list of plain ones stays as it is."""
    text = configuration.get("EnvironmentVariables", "[]")
    try:
        listed = json.loads(text)
        plain = [one for one in listed if one.get("type", "PLAINTEXT") == "PLAINTEXT"]
        found = {one["name"]: one["value"] for one in plain}
    except (AttributeError, KeyError, TypeError, ValueError):
        return text
    return found if len(found) == len(listed) else text


def _required(scope: Scope) -> Iterator[str]:
    there = [service_of(found, scope) for found in scope.resources(PIPELINE)]
    for key in scope.environment.services:
        if there.count(key) != 1:
            name = pipeline(scope.environment, key)
            yield f"{there.count(key)} pipelines are called {name}, not 1"


RULE = Rule(
    id="pipeline-order",
    title="A pipeline builds, previews, waits for its approval, releases what was approved, "
    "verifies, and publishes evidence; nothing skips a stage",
    why="A release that a stage's condition, another action or another tag brings past its "
    "approval is one that nobody has confirmed.",
    remedy="Leave the stages to runbook_constructs.delivery_pipeline; delivery.approval_hours of "
    "the environment file says how long an approval is waited for.",
    clauses=("ROVN-DEP-2", "ROVN-DEP-8"),
    controls=("NIST CM-3", "NIST CM-5", "SOC2 CC8.1"),
    types=(PIPELINE,),
    judge=_judge,
    required=_required,
    waivable=False,
)
