"""The deployed pipeline of a rehearsal as seen by who uploads a source and who approves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runbook.access.delivery_names import APPROVE
from sandbox.emulator.rehearsal.pipeline.records import ENDED, SUCCEEDED
from sandbox.endpoint import Endpoint
from sandbox.rehearsal.report import DrillError
from sandbox.rehearsal.service import until

# Three builds that install, and a stack that rolls back, on a machine that does other things.
PATIENCE_SECONDS = 420
BUILD, PREVIEW, RELEASE, VERIFY = "Build", "Preview", "Release", "Verify"
EVIDENCE = "Evidence"
Members = dict[str, Any]


@dataclass(frozen=True)
class Offer:
    """What the pipeline asks approval for; `shown` is what the approver reads."""

    execution: str
    tag: str
    shown: str


@dataclass(frozen=True)
class RehearsedPipeline:
    """One pipeline; `bucket` and `key` are where its source arrives."""

    endpoint: Endpoint
    name: str
    bucket: str
    key: str

    def drop(self, content: bytes) -> str:
        """Put a ZIP into the source bucket; return the execution that its event starts."""
        version = self.endpoint.client("s3").put_object(
            Bucket=self.bucket, Key=self.key, Body=content
        )["VersionId"]

        def begun() -> str:
            for each in self._codepipeline.list_pipeline_executions(pipelineName=self.name)[
                "pipelineExecutionSummaries"
            ]:
                if [revision["revisionId"] for revision in each["sourceRevisions"]] == [version]:
                    return str(each["pipelineExecutionId"])
            return ""

        return str(until(begun, f"the execution of source version {version}"))

    def offer(self, execution: str) -> Offer:
        """Wait until approval is asked for; raises DrillError if the execution ends before."""

        def asked() -> bool:
            self._must_go_on(execution, APPROVE)
            return bool(self._token(execution))

        until(asked, "the question for approval", PATIENCE_SECONDS)
        run = self._last(execution, APPROVE)
        shown = run["input"]["resolvedConfiguration"]["CustomData"]
        return Offer(execution, self.told(execution, PREVIEW)["IMAGE_TAG"], shown)

    def answer(self, offer: Offer, *, approved: bool, why: str) -> None:
        """Approve or reject what is asked, under its token."""
        token = self._token(offer.execution)
        if not token:
            raise DrillError(f"{offer.execution} is not asked about: {self._stage(APPROVE)}")
        self._codepipeline.put_approval_result(
            pipelineName=self.name,
            stageName=APPROVE,
            actionName=APPROVE,
            token=token,
            result={"status": "Approved" if approved else "Rejected", "summary": why},
        )

    def ended(self, execution: str) -> str:
        """Wait for an execution's end and return its status."""
        return str(
            until(
                lambda: self._status(execution) in ENDED and self._status(execution),
                f"the end of the execution {execution}",
                PATIENCE_SECONDS,
            )
        )

    def succeeded(self, execution: str, stage: str) -> None:
        """Wait until an execution has a stage behind it."""

        def done() -> bool:
            self._must_go_on(execution, stage)
            return self.attempts(execution).get(stage, [])[-1:] == [SUCCEEDED]

        until(done, f"{stage} of the execution {execution}", PATIENCE_SECONDS)

    def waits_before(self, stage: str) -> str:
        """Return the execution that stands before a stage, or nothing."""
        found = self._stage(stage)
        return str(found.get("inboundExecution", {}).get("pipelineExecutionId", ""))

    # --- What it did ---

    def runs(self, execution: str) -> list[Members]:
        """Return every attempt at an action, the earliest first."""
        told = self._codepipeline.list_action_executions(
            pipelineName=self.name, filter={"pipelineExecutionId": execution}
        )
        return list(reversed(told["actionExecutionDetails"]))

    def attempts(self, execution: str) -> dict[str, list[str]]:
        """Return how each attempt at each stage's action ended; what never began is not there."""
        found: dict[str, list[str]] = {}
        for run in self.runs(execution):
            found.setdefault(run["stageName"], []).append(run["status"])
        return found

    def told(self, execution: str, stage: str) -> dict[str, str]:
        """Return the variables that a stage's action exported."""
        return dict(self._last(execution, stage)["output"]["outputVariables"])

    def build(self, execution: str, stage: str) -> str:
        """Return the id of the build that a stage's action ran last."""
        run = self._last(execution, stage)
        return str(run["output"]["executionResult"]["externalExecutionId"])

    def failure(self, execution: str) -> str:
        """Return what the last action that failed said."""
        result = self.runs(execution)[-1]["output"]["executionResult"]
        return str(result.get("errorDetails", {}).get("message", ""))

    def _last(self, execution: str, stage: str) -> Members:
        """Return the last attempt at a stage's action."""
        [run] = [each for each in self.runs(execution) if each["stageName"] == stage][-1:]
        return run

    def _stage(self, name: str) -> Members:
        state = self._codepipeline.get_pipeline_state(name=self.name)
        [found] = [each for each in state["stageStates"] if each["stageName"] == name]
        return dict(found)

    def _token(self, execution: str) -> str:
        """Return the token of the question about an execution; empty before it is asked.

        The action is under way before it asks, and before it says what it asks.
        """
        stage = self._stage(APPROVE)
        if stage.get("latestExecution", {}).get("pipelineExecutionId") != execution:
            return ""
        actions = [each.get("latestExecution", {}) for each in stage["actionStates"]]
        return next((str(each["token"]) for each in actions if "token" in each), "")

    def _must_go_on(self, execution: str, to: str) -> None:
        if (status := self._status(execution)) in ENDED and status != SUCCEEDED:
            raise DrillError(f"it was {status} before {to}: {self.failure(execution)}")

    def _status(self, execution: str) -> str:
        told = self._codepipeline.get_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=execution
        )
        return str(told["pipelineExecution"]["status"])

    @property
    def _codepipeline(self) -> Any:  # noqa: ANN401 - boto3
        return self.endpoint.client("codepipeline")
