"""The calls of CodePipeline that a rehearsal answers, and the events that start a pipeline."""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region, request_scope

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller, RefusedError, answers
from sandbox.emulator.rehearsal.events import emit
from sandbox.emulator.rehearsal.pipeline.actions import Actions
from sandbox.emulator.rehearsal.pipeline.declaration import (
    Declaration,
    UnknownError,
    read_declaration,
)
from sandbox.emulator.rehearsal.pipeline.records import (
    IN_PROGRESS,
    ActionRun,
    Decision,
    Execution,
    StageRun,
)
from sandbox.emulator.rehearsal.pipeline.runner import PipelineRunner, Tell
from sandbox.emulator.rehearsal.pipeline.workshop import Workshop
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from sandbox.emulator.services import codepipeline as declared
from sandbox.emulator.services import eventbridge_targets

Members = dict[str, Any]
VERSION = "S3_OBJECT_VERSION_ID"


class Pipelines:
    """Every pipeline of this emulator, from its first execution on."""

    def __init__(self, settings: RehearsalSettings) -> None:
        """Begin with none."""
        self._settings, self._workshop = settings, Workshop(settings)
        self._runners: dict[tuple[str, str, str], PipelineRunner] = {}

    def install(self) -> None:
        """Answer the calls from now on; before the emulator's patches are applied."""
        for name, call in {
            "StartPipelineExecution": self.start,
            "StopPipelineExecution": self.stop,
            "PutApprovalResult": self.put_approval,
            "GetPipelineState": self.state,
            "GetPipelineExecution": self.execution,
            "ListPipelineExecutions": self.list_executions,
            "ListActionExecutions": self.list_actions,
        }.items():
            answers("codepipeline", name)(call)
        declared.MADE.append(self.made)
        eventbridge_targets.TARGETS["codepipeline"] = self.on_event

    # --- Starting and stopping ---

    def made(self, name: str) -> None:
        """Run a new pipeline for the first time, as CodePipeline does by itself."""
        caller = Caller(get_account_id(), get_region())
        self._begin(caller, {"name": name}, {"triggerType": "CreatePipeline"})

    def on_event(self, arn: str, rule: str, payload: str) -> None:
        """Start what a rule of EventBridge names, with the source revisions of its payload."""
        _, _, _, region, account, name = arn.split(":", 5)
        trigger = {"triggerType": "CloudWatchEvent", "triggerDetail": rule}
        request = {"name": name, **json.loads(payload)}

        def begin() -> None:
            try:
                self._begin(Caller(account, region), request, trigger)
            except RefusedError as refusal:
                # As on AWS the sender is not told; here the emulator's log says it.
                sys.stderr.write(f"sandbox: {rule} could not start {name}: {refusal}\n")

        # The event may come from the emulator's own loop, which must be free to answer.
        threading.Thread(target=begin, daemon=True).start()

    def start(self, caller: Caller, request: Members) -> Members:
        """Start an execution, with the given revisions and variables."""
        trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": caller.account}
        return {"pipelineExecutionId": self._begin(caller, request, trigger)}

    def _begin(self, caller: Caller, request: Members, trigger: Members) -> str:
        runner = self._runner(caller, str(request["name"]))
        declaration = runner.declaration
        given = {each["name"]: each["value"] for each in request.get("variables") or []}
        if unknown := sorted(given.keys() - declaration.variables.keys()):
            raise RefusedError("ValidationException", f"no such variable: {', '.join(unknown)}")
        revisions = {}
        for each in request.get("sourceRevisions") or []:
            if each["revisionType"] != VERSION:
                raise RefusedError("ValidationException", f"the rehearsal knows {VERSION} only")
            revisions[each["actionName"]] = each["revisionValue"]
        execution = Execution({**declaration.variables, **given}, revisions, trigger)
        runner.start(execution)
        return execution.id

    def stop(self, caller: Caller, request: Members) -> Members:
        """Let an execution end after its actions under way; to abandon them is not rehearsed."""
        runner = self._runner(caller, str(request["pipelineName"]))
        execution = self._found(runner, request)
        if request.get("abandon"):
            raise RefusedError("ValidationException", "the rehearsal does not abandon actions")
        if execution.status != IN_PROGRESS:
            raise RefusedError(
                "PipelineExecutionNotStoppableException", f"{execution.id} is {execution.status}"
            )
        runner.stop(execution, str(request.get("reason", "")))
        return {"pipelineExecutionId": execution.id}

    # --- Approvals ---

    def put_approval(self, caller: Caller, request: Members) -> Members:
        """Give a person's answer to what is asked under a token."""
        runner = self._runner(caller, str(request["pipelineName"]))
        run = self._asked(runner, request)
        decision = run.decision
        assert decision is not None  # noqa: S101 - _asked answers for it
        result = request["result"]
        decision.approved = result["status"] == "Approved"
        decision.summary = str(result.get("summary", ""))
        decision.given.set()
        return {"approvedAt": run.updated}

    def _asked(self, runner: PipelineRunner, request: Members) -> ActionRun:
        stages = {stage.name: stage for stage in runner.declaration.stages}
        stage, action = str(request["stageName"]), str(request["actionName"])
        if stage not in stages:
            raise RefusedError("StageNotFoundException", f"there is no stage {stage}")
        if action not in [each.name for each in stages[stage].actions]:
            raise RefusedError("ActionNotFoundException", f"there is no action {action}")
        for run in _runs_of(runner, stage, action):
            decision: Decision | None = run.decision
            if decision and decision.token == request["token"]:
                if run.status != IN_PROGRESS or decision.given.is_set():
                    raise RefusedError(
                        "ApprovalAlreadyCompletedException", "it has been answered already"
                    )
                return run
        raise RefusedError("InvalidApprovalTokenException", "the token is not the one asked with")

    # --- Looking ---

    def state(self, caller: Caller, request: Members) -> Members:
        """Tell where each stage stands: its latest execution, and who waits before it."""
        runner = self._runner(caller, str(request["name"]))
        stages = []
        for number, stage in enumerate(runner.declaration.stages):
            told: Members = {
                "stageName": stage.name,
                "inboundTransitionState": {"enabled": True},
                "actionStates": [{"actionName": action.name} for action in stage.actions],
            }
            if inbound := runner.inbound(number):
                told["inboundExecution"] = {
                    "pipelineExecutionId": inbound.id,
                    "status": IN_PROGRESS,
                }
            if latest := [each for each in runner.executions if stage.name in each.stages]:
                run = latest[-1].stages[stage.name]
                told["latestExecution"] = {
                    "pipelineExecutionId": latest[-1].id,
                    "status": run.status,
                }
                attempts = run.latest()
                told["actionStates"] = [
                    attempts[action.name].in_state()
                    if action.name in attempts
                    else {"actionName": action.name}
                    for action in stage.actions
                ]
                if run.retried:
                    told["retryStageMetadata"] = {
                        "autoStageRetryAttempt": 1,
                        "latestRetryTrigger": "AutomatedStageRetry",
                    }
            stages.append(told)
        declaration = runner.declaration
        return {
            "pipelineName": declaration.name,
            "pipelineVersion": declaration.version,
            "stageStates": stages,
        }

    def execution(self, caller: Caller, request: Members) -> Members:
        """Describe one execution."""
        runner = self._runner(caller, str(request["pipelineName"]))
        declaration = runner.declaration
        described = self._found(runner, request).described(declaration.name, declaration.version)
        return {"pipelineExecution": described}

    def list_executions(self, caller: Caller, request: Members) -> Members:
        """List executions, the latest first."""
        runner = self._runner(caller, str(request["pipelineName"]))
        told = [each.summary() for each in reversed(runner.executions)]
        return {"pipelineExecutionSummaries": told[: int(request.get("maxResults") or 100)]}

    def list_actions(self, caller: Caller, request: Members) -> Members:
        """List attempts at actions, the latest first; of one execution if that is asked for."""
        runner = self._runner(caller, str(request["pipelineName"]))
        wanted = (request.get("filter") or {}).get("pipelineExecutionId")
        runs = [
            run for each in runner.executions if wanted in (None, each.id) for run in each.runs()
        ]
        version = runner.declaration.version
        told = [run.described(version, caller.region) for run in reversed(runs)]
        return {"actionExecutionDetails": told[: int(request.get("maxResults") or 100)]}

    def _found(self, runner: PipelineRunner, request: Members) -> Execution:
        wanted = str(request["pipelineExecutionId"])
        for execution in runner.executions:
            if execution.id == wanted:
                return execution
        raise RefusedError("PipelineExecutionNotFoundException", f"there is no execution {wanted}")

    def _runner(self, caller: Caller, name: str) -> PipelineRunner:
        """Return a pipeline's runner, by the declaration as it is now."""
        with request_scope(caller.account, caller.region):
            try:
                pipeline = client("codepipeline").get_pipeline(name=name)["pipeline"]
            except ClientError as error:
                told = error.response["Error"]
                raise RefusedError(told["Code"], told["Message"]) from None
        try:
            declaration = read_declaration(pipeline)
        except UnknownError as error:
            raise RefusedError("ValidationException", str(error)) from None
        key = (caller.account, caller.region, name)
        if key not in self._runners:
            actions = Actions(caller, declaration, self._workshop, self._settings)
            tell = _teller(caller, declaration)
            self._runners[key] = PipelineRunner(declaration, actions, tell)
        # An execution under way goes on with the stages that it began with.
        self._runners[key].declaration = declaration
        return self._runners[key]


def _runs_of(runner: PipelineRunner, stage: str, action: str) -> list[ActionRun]:
    return [
        run
        for execution in runner.executions
        for run in execution.runs()
        if (run.stage, run.action.name) == (stage, action)
    ]


def _teller(caller: Caller, declaration: Declaration) -> Tell:
    """Return what sends the events of CodePipeline: of executions, of stages, and of actions."""
    arn = caller.arn("codepipeline", declaration.name)

    def tell(
        execution: Execution, state: str, stage: StageRun | None, run: ActionRun | None
    ) -> None:
        detail: Members = {
            "pipeline": declaration.name,
            "execution-id": execution.id,
            "version": declaration.version,
            "state": state,
            "pipeline-execution-attempt": 1.0,
        }
        what = "Pipeline"
        if stage is None:
            told = {"triggerType": "trigger-type", "triggerDetail": "trigger-detail"}
            detail["execution-trigger"] = {
                name: execution.trigger[key]
                for key, name in told.items()
                if key in execution.trigger
            }
        if stage:
            what, detail["stage"] = "Stage", stage.name
        if run:
            what = "Action"
            detail |= {
                "action": run.action.name,
                "action-execution-id": run.id,
                "region": caller.region,
                "type": dict(run.action.type_id),
                "execution-result": run.told_on_the_bus(),
            }
        with request_scope(caller.account, caller.region):
            emit(
                "aws.codepipeline",
                f"CodePipeline {what} Execution State Change",
                [arn],
                detail,
            )

    return tell
