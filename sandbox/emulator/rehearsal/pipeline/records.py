"""Executions of a pipeline, their stages and actions, as the API of CodePipeline tells them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.emulator.rehearsal.pipeline.declaration import Action
from sandbox.emulator.rehearsal.pipeline.variables import DECLARED, OWN

Members = dict[str, Any]

IN_PROGRESS, SUCCEEDED, FAILED = "InProgress", "Succeeded", "Failed"
STOPPING, STOPPED = "Stopping", "Stopped"
ENDED = (SUCCEEDED, FAILED, STOPPED)


def build_session(build: str) -> str:
    """Return the name of the session that a build of CodeBuild has of its project's role."""
    return f"AWSCodeBuild-{build.partition(':')[2]}"


class ActionFailedError(Exception):
    """An action that did not succeed; `code` is AWS's word for why."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both for whoever asks."""
        super().__init__(message)
        self.code = code


@dataclass
class Decision:
    """What is asked of a person, and the answer once it is there."""

    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    given: threading.Event = field(default_factory=threading.Event)
    approved: bool = False
    summary: str = ""


@dataclass(eq=False)
class ActionRun:
    """One attempt at an action; `told` is its configuration with every variable put in."""

    stage: str
    action: Action
    execution: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = IN_PROGRESS
    summary: str = ""
    error: Members = field(default_factory=dict)
    external_id: str = ""
    external_url: str = ""
    revision: str = ""
    told: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    inputs: list[Members] = field(default_factory=list)
    outputs: list[Members] = field(default_factory=list)
    decision: Decision | None = None
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    def end(self, status: str) -> None:
        """Be done."""
        self.status, self.updated = status, time.time()

    def _result(self) -> Members:
        told = {
            "externalExecutionId": self.external_id,
            "externalExecutionUrl": self.external_url,
        }
        return {key: value for key, value in told.items() if value} | (
            {"errorDetails": self.error} if self.error else {}
        )

    def told_on_the_bus(self) -> Members:
        """Return what CodePipeline's event tells of its result."""
        told = {
            "external-execution-id": self.external_id,
            "external-execution-url": self.external_url,
            "error-code": self.error.get("code", ""),
        }
        return {key: value for key, value in told.items() if value}

    def in_state(self) -> Members:
        """Return what GetPipelineState tells of it."""
        asked = self.decision is not None and self.status == IN_PROGRESS
        latest = {
            "actionExecutionId": self.id,
            "status": self.status,
            "lastStatusChange": self.updated,
            **({"summary": self.summary} if self.summary else {}),
            **({"token": self.decision.token} if asked and self.decision else {}),
            **self._result(),
        }
        told: Members = {"actionName": self.action.name, "latestExecution": latest}
        if self.revision:
            told["currentRevision"] = {
                "revisionId": self.revision,
                "revisionChangeId": self.revision,
                "created": self.started,
            }
        return told

    def described(self, version: int, region: str) -> Members:
        """Return what ListActionExecutions tells of it."""
        result = self._result()
        if self.summary:
            result["externalExecutionSummary"] = self.summary
        return {
            "pipelineExecutionId": self.execution,
            "actionExecutionId": self.id,
            "pipelineVersion": version,
            "stageName": self.stage,
            "actionName": self.action.name,
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            "status": self.status,
            "input": {
                "actionTypeId": dict(self.action.type_id),
                "configuration": dict(self.action.configuration),
                "resolvedConfiguration": dict(self.told),
                "region": region,
                "inputArtifacts": self.inputs,
                **({"namespace": self.action.namespace} if self.action.namespace else {}),
            },
            "output": {
                "outputArtifacts": self.outputs,
                "executionResult": result,
                "outputVariables": dict(self.variables),
            },
        }


@dataclass
class StageRun:
    """What an execution has done in a stage; `retried` once its failed actions were run again."""

    name: str
    status: str = IN_PROGRESS
    retried: bool = False
    actions: list[ActionRun] = field(default_factory=list)

    def latest(self) -> dict[str, ActionRun]:
        """Return the last attempt at each action."""
        return {run.action.name: run for run in self.actions}


@dataclass(eq=False)
class Execution:
    """One way through the pipeline.

    `revisions` maps source actions to the object versions they were started with; `finished` is
    how many stages lie behind it, and `waits` whether it stands before the next one.
    """

    variables: Mapping[str, str]
    revisions: Mapping[str, str]
    trigger: Members
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = IN_PROGRESS
    stages: dict[str, StageRun] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    artifacts: dict[str, Members] = field(default_factory=dict)
    finished: int = 0
    waits: bool = True
    stopping: bool = False
    reason: str = ""
    started: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens in it."""
        return self.status in ENDED

    @property
    def namespaces(self) -> dict[str, Mapping[str, str]]:
        """Every variable that an action may be told now."""
        own = {"PipelineExecutionId": self.id}
        return {OWN: own, DECLARED: self.variables, **self.outputs}

    def set(self, status: str) -> None:
        """Go over to a status."""
        self.status, self.updated = status, time.time()

    def runs(self) -> list[ActionRun]:
        """Return every attempt at an action, in the order in which they began."""
        return [run for stage in self.stages.values() for run in stage.actions]

    def _sources(self) -> list[ActionRun]:
        return [run for run in self.runs() if run.revision]

    def summary(self) -> Members:
        """Return what ListPipelineExecutions tells of it."""
        return {
            "pipelineExecutionId": self.id,
            "status": self.status,
            "startTime": self.started,
            "lastUpdateTime": self.updated,
            "sourceRevisions": [
                {"actionName": run.action.name, "revisionId": run.revision}
                for run in self._sources()
            ],
            "trigger": self.trigger,
            "executionMode": "QUEUED",
            "executionType": "STANDARD",
            **({"stopTrigger": {"reason": self.reason}} if self.reason else {}),
        }

    def described(self, pipeline: str, version: int) -> Members:
        """Return what GetPipelineExecution tells of it."""
        return {
            "pipelineName": pipeline,
            "pipelineVersion": version,
            "pipelineExecutionId": self.id,
            "status": self.status,
            "artifactRevisions": [
                {"name": name, "revisionId": run.revision, "created": run.started}
                for run in self._sources()
                for name in run.action.outputs
            ],
            "variables": [
                {"name": name, "resolvedValue": value} for name, value in self.variables.items()
            ],
            "trigger": self.trigger,
            "executionMode": "QUEUED",
            "executionType": "STANDARD",
        }
