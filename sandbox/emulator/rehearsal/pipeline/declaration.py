"""A pipeline as it is declared; what this rehearsal cannot do is refused, not ignored. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Members = dict[str, Any]

# By category and provider of AWS's own: what an action's configuration may say.
ACTIONS = {
    ("Source", "S3"): {"S3Bucket", "S3ObjectKey", "PollForSourceChanges"},
    ("Build", "CodeBuild"): {"ProjectName", "EnvironmentVariables"},
    ("Approval", "Manual"): {"NotificationArn", "CustomData"},
}
OF_PIPELINE = {
    "name",
    "roleArn",
    "artifactStore",
    "stages",
    "version",
    "executionMode",
    "pipelineType",
    "variables",
}
OF_STAGE = {"name", "actions", "onFailure"}
OF_ACTION = {
    "name",
    "actionTypeId",
    "runOrder",
    "configuration",
    "inputArtifacts",
    "outputArtifacts",
    "namespace",
    "timeoutInMinutes",
}
RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}
DEFAULT_TIMEOUT_MINUTES = {"Approval": 7 * 24 * 60.0, "Build": 8 * 60.0, "Source": 60.0}


class UnknownError(Exception):
    """Something in a declaration that the rehearsal does not know, and where."""


@dataclass(frozen=True)
class Action:
    """One action of a stage; `kind` is its category and provider."""

    name: str
    kind: tuple[str, str]
    type_id: Mapping[str, str]
    configuration: Mapping[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    run_order: int
    namespace: str
    timeout_minutes: float


@dataclass(frozen=True)
class Stage:
    """One stage; whether actions that failed are tried once more."""

    name: str
    actions: tuple[Action, ...]
    retries: bool


@dataclass(frozen=True)
class Declaration:
    """One QUEUED pipeline; `variables` maps names to defaults."""

    name: str
    version: int
    stages: tuple[Stage, ...]
    variables: Mapping[str, str]
    artifacts: str


def read_declaration(pipeline: Members) -> Declaration:
    """Read what GetPipeline tells; raises UnknownError."""
    name = str(pipeline["name"])
    _known(pipeline, OF_PIPELINE, name)
    if pipeline.get("executionMode") != "QUEUED":
        raise UnknownError(f"{name}: the rehearsal knows executionMode QUEUED only")
    store = pipeline["artifactStore"]
    if store.get("type") != "S3":
        raise UnknownError(f"{name}: the rehearsal knows artifact stores in S3 only")
    return Declaration(
        name=name,
        version=int(pipeline.get("version", 1)),
        stages=tuple(_stage(stage, name) for stage in pipeline["stages"]),
        variables={
            each["name"]: each.get("defaultValue", "") for each in pipeline.get("variables", [])
        },
        artifacts=str(store["location"]),
    )


def _stage(stage: Members, pipeline: str) -> Stage:
    where = f"{pipeline}/{stage['name']}"
    _known(stage, OF_STAGE, where)
    failure = stage.get("onFailure")
    if failure and failure != RETRY:
        raise UnknownError(f"{where}: the rehearsal knows onFailure {RETRY} only, not {failure}")
    actions = tuple(_action(action, where) for action in stage["actions"])
    return Stage(stage["name"], actions, retries=bool(failure))


def _action(action: Members, stage: str) -> Action:
    where, type_id = f"{stage}/{action['name']}", action["actionTypeId"]
    _known(action, OF_ACTION, where)
    kind = (str(type_id["category"]), str(type_id["provider"]))
    if type_id["owner"] != "AWS" or type_id["version"] != "1" or kind not in ACTIONS:
        raise UnknownError(
            f"{where}: the rehearsal knows no action {type_id['owner']}/{'/'.join(kind)} "
            f"of version {type_id['version']}"
        )
    configuration = action.get("configuration") or {}
    _known(configuration, ACTIONS[kind], f"{where}: configuration")
    if configuration.get("PollForSourceChanges", "false") != "false":
        raise UnknownError(f"{where}: the rehearsal does not poll; an event starts the pipeline")
    return Action(
        name=action["name"],
        kind=kind,
        type_id=type_id,
        configuration=configuration,
        inputs=tuple(each["name"] for each in action.get("inputArtifacts") or []),
        outputs=tuple(each["name"] for each in action.get("outputArtifacts") or []),
        run_order=int(action.get("runOrder") or 1),
        namespace=action.get("namespace") or "",
        timeout_minutes=float(action.get("timeoutInMinutes") or DEFAULT_TIMEOUT_MINUTES[kind[0]]),
    )


def _known(given: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(name for name in given.keys() - known if given[name])
    if unknown:
        raise UnknownError(f"{where}: the rehearsal does not know {', '.join(unknown)}")
