"""Executions on their way through a pipeline's stages, whose actions do as they are told."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sandbox.emulator.rehearsal.pipeline.declaration import (
    Declaration,
    UnknownError,
    read_declaration,
)
from sandbox.emulator.rehearsal.pipeline.records import (
    ActionFailedError,
    ActionRun,
    Execution,
    StageRun,
)
from sandbox.emulator.rehearsal.pipeline.runner import PipelineRunner
from tests.sandbox.patience import SECONDS, eventually

Members = dict[str, Any]
RETRY = {"result": "RETRY", "retryConfiguration": {"retryMode": "FAILED_ACTIONS"}}


def action(name: str, **more: object) -> Members:
    kind = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": {"ProjectName": name}, **more}


def stage(name: str, *actions: Members, **more: object) -> Members:
    return {"name": name, "actions": list(actions or [action(name)]), **more}


def pipeline(*stages: Members, **more: object) -> Members:
    return {
        "name": "releases",
        "version": 1,
        "executionMode": "QUEUED",
        "pipelineType": "V2",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "variables": [{"name": "SUFFIX", "defaultValue": "main"}],
        "stages": list(stages),
        **more,
    }


@dataclass
class Acts:
    """Writes down what is done; fails where it is told to, and waits where a gate is closed."""

    fails: dict[str, int] = field(default_factory=dict)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    gives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    done: list[tuple[str, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def act(self, run: ActionRun, execution: Execution) -> None:
        name = run.action.name
        self.done.append((execution.variables["SUFFIX"], name))
        if name in self.gates:
            assert self.gates[name].wait(SECONDS)
        run.variables = self.gives.get(name, {})
        if self.fails.get(name, 0) > 0:
            self.fails[name] -= 1
            raise ActionFailedError("JobFailed", "as told")

    def tell(
        self, _execution: Execution, state: str, stage: StageRun | None, run: ActionRun | None
    ) -> None:
        where = run.action.name.lower() if run else stage.name if stage else "pipeline"
        self.told.append(f"{where} {state}")


def execution(suffix: str = "main") -> Execution:
    return Execution({"SUFFIX": suffix}, {}, {"triggerType": "StartPipelineExecution"})


def ran(acts: Acts, *stages: Members) -> Execution:
    """Take one execution through the stages and return it."""
    one = execution()
    runner = PipelineRunner(read_declaration(pipeline(*stages)), acts.act, acts.tell)
    runner.start(one).join(SECONDS)
    return one


def statuses(one: Execution) -> list[tuple[str, str]]:
    return [(run.action.name, run.status) for run in one.runs()]


def test_stages_run_in_the_order_of_the_declaration() -> None:
    acts = Acts()
    one = ran(acts, stage("A"), stage("B"))
    assert one.status == "Succeeded"
    assert statuses(one) == [("A", "Succeeded"), ("B", "Succeeded")]
    assert acts.told == [
        "pipeline STARTED",
        *("A STARTED", "a STARTED", "a SUCCEEDED", "A SUCCEEDED"),
        *("B STARTED", "b STARTED", "b SUCCEEDED", "B SUCCEEDED"),
        "pipeline SUCCEEDED",
    ]


def test_a_stage_that_is_declared_so_is_tried_once_more() -> None:
    acts = Acts(fails={"A": 1})
    one = ran(acts, stage("A", onFailure=RETRY), stage("B"))
    assert one.status == "Succeeded"
    assert statuses(one) == [("A", "Failed"), ("A", "Succeeded"), ("B", "Succeeded")]
    assert one.stages["A"].retried
    assert "A RESUMED" in acts.told


def test_it_is_tried_once_more_and_no_oftener() -> None:
    acts = Acts(fails={"A": 5})
    one = ran(acts, stage("A", onFailure=RETRY), stage("B"))
    assert one.status == "Failed"
    assert statuses(one) == [("A", "Failed"), ("A", "Failed")]
    assert acts.told[-1] == "pipeline FAILED"


def test_a_stage_that_does_not_say_so_is_not_tried_again() -> None:
    one = ran(Acts(fails={"A": 1}), stage("A"), stage("B"))
    assert (one.status, statuses(one)) == ("Failed", [("A", "Failed")])
    assert one.runs()[0].error == {"code": "JobFailed", "message": "as told"}


def test_of_a_stage_only_what_failed_and_what_comes_after_it_is_run_again() -> None:
    acts = Acts(fails={"Two": 1})
    actions = (action("One"), action("Two"), action("Three", runOrder=2))
    one = ran(acts, stage("A", *actions, onFailure=RETRY))
    assert one.status == "Succeeded"
    assert sorted(name for _, name in acts.done[:2]) == ["One", "Two"]
    assert [name for _, name in acts.done[2:]] == ["Two", "Three"]


def test_variables_are_handed_on_by_their_namespace() -> None:
    acts = Acts(gives={"A": {"TAG": "prod-1"}})
    told = {"ProjectName": "B", "EnvironmentVariables": "#{Seen.TAG} of #{variables.SUFFIX}"}
    one = ran(
        acts,
        stage("A", action("A", namespace="Seen")),
        stage("B", action("B", configuration=told)),
    )
    assert one.runs()[-1].told["EnvironmentVariables"] == "prod-1 of main"


def test_a_variable_that_nobody_set_fails_the_action_before_it_is_done() -> None:
    acts = Acts()
    told = {"ProjectName": "#{Seen.TAG}"}
    one = ran(acts, stage("A", action("A", configuration=told)))
    assert (one.status, acts.done) == ("Failed", [])
    assert one.runs()[0].error["message"] == "variable #{Seen.TAG} is not set"


@pytest.fixture
def held() -> tuple[Acts, PipelineRunner, list[threading.Thread]]:
    """Two executions of A, B and C, the first of which is held in B."""
    acts = Acts(gates={"B": threading.Event()})
    declaration: Declaration = read_declaration(pipeline(stage("A"), stage("B"), stage("C")))
    runner = PipelineRunner(declaration, acts.act, acts.tell)
    threads = [runner.start(execution(name)) for name in ("first", "second")]
    eventually(lambda: ("second", "A") in acts.done, "the second in A")
    eventually(lambda: runner.inbound(1) is not None, "the second before B")
    return acts, runner, threads


Held = tuple[Acts, PipelineRunner, list[threading.Thread]]


def test_executions_are_queued_before_a_stage_in_the_order_they_came(held: Held) -> None:
    acts, runner, threads = held
    waiting = runner.inbound(1)
    assert waiting is not None
    assert waiting.variables["SUFFIX"] == "second"
    assert ("second", "B") not in acts.done
    acts.gates["B"].set()
    for thread in threads:
        thread.join(SECONDS)
    assert [each for each in acts.done if each[1] == "B"] == [("first", "B"), ("second", "B")]
    assert [each for each in acts.done if each[1] == "C"] == [("first", "C"), ("second", "C")]
    assert [each.status for each in runner.executions] == ["Succeeded", "Succeeded"]


def test_one_that_fails_lets_the_next_in(held: Held) -> None:
    acts, runner, threads = held
    acts.fails["B"] = 1
    acts.gates["B"].set()
    for thread in threads:
        thread.join(SECONDS)
    assert [each.status for each in runner.executions] == ["Failed", "Succeeded"]
    assert ("first", "C") not in acts.done


def test_one_that_is_stopped_ends_after_the_action_it_is_at(held: Held) -> None:
    acts, runner, threads = held
    runner.stop(runner.executions[0], "a test")
    assert runner.executions[0].status == "Stopping"
    acts.gates["B"].set()
    for thread in threads:
        thread.join(SECONDS)
    assert [each.status for each in runner.executions] == ["Stopped", "Succeeded"]
    assert ("first", "C") not in acts.done
    assert runner.executions[0].summary()["stopTrigger"] == {"reason": "a test"}


def other(**kind: str) -> Members:
    type_id = {**action("A")["actionTypeId"], **kind}
    return pipeline(stage("A", action("A", actionTypeId=type_id)))


ROLLBACK: Members = {"result": "ROLLBACK"}
UNKNOWN: list[tuple[Members, str]] = [
    (other(provider="Jenkins"), "releases/A/A: .* no action AWS/Build/Jenkins"),
    (other(category="Deploy", provider="ECS"), "no action AWS/Deploy/ECS"),
    (other(owner="Custom"), "no action Custom/Build/CodeBuild"),
    (other(version="2"), "of version 2"),
    (pipeline(stage("A", onFailure=ROLLBACK)), "releases/A: .* onFailure"),
    (pipeline(stage("A", beforeEntry={"conditions": [{}]})), "releases/A: .* beforeEntry"),
    (pipeline(stage("A", action("A", region="eu-west-1"))), "releases/A/A: .* know region"),
    (pipeline(stage("A"), executionMode="SUPERSEDED"), "executionMode QUEUED only"),
    (pipeline(stage("A"), triggers=[{}]), "know triggers"),
]


@pytest.mark.parametrize(("declared", "said"), UNKNOWN)
def test_what_the_rehearsal_does_not_know_is_refused(declared: Members, said: str) -> None:
    with pytest.raises(UnknownError, match=said):
        read_declaration(declared)
