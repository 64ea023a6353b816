"""Drills wait for what they need, however short or late it is, and compare what does not change."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sandbox.claimed_port import free_port
from sandbox.endpoint import Endpoint
from sandbox.rehearsal import service as services
from sandbox.rehearsal import status_check
from sandbox.rehearsal.caller import asking
from sandbox.rehearsal.closed_port import closed_port
from sandbox.rehearsal.desk import Ran
from sandbox.rehearsal.pipeline import RehearsedPipeline
from sandbox.rehearsal.report import Checks, DrillError
from sandbox.rehearsal.service import RehearsedService

Members = dict[str, Any]
PLACE = Endpoint("http://127.0.0.1:1", "111122223333", "us-east-2")


@pytest.fixture(autouse=True)
def _ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "TICK_SECONDS", 0)


class CodePipeline:
    """Asks for approval step by step: another execution is there, ours, its question, its token."""

    def __init__(self) -> None:
        run: Members = {"stageName": "Approve", "status": "InProgress", "output": {}}
        self.run = run | {"input": {"resolvedConfiguration": {}}}
        self.asked = 0

    def get_pipeline_execution(self, **_: str) -> Members:
        return {"pipelineExecution": {"status": "InProgress"}}

    def get_pipeline_state(self, **_: str) -> Members:
        self.asked += 1
        stage: Members = {"stageName": "Approve", "actionStates": [{"actionName": "Approve"}]}
        if self.asked > 1:
            stage["latestExecution"] = {"pipelineExecutionId": "before" if self.asked < 3 else "x"}
        if self.asked == 2:
            stage["actionStates"] = [{"latestExecution": {"token": "of another"}}]
        if self.asked > 4:
            self.run["input"]["resolvedConfiguration"] = {"CustomData": "shall it?"}
            stage["actionStates"] = [{"latestExecution": {"token": "t"}}]
        return {"stageStates": [stage]}

    def list_action_executions(self, **_: object) -> Members:
        preview = {"stageName": "Preview", "output": {"outputVariables": {"IMAGE_TAG": "prod-2"}}}
        return {"actionExecutionDetails": [self.run, preview]}


def test_an_offer_is_there_once_it_can_be_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = CodePipeline()
    monkeypatch.setattr(Endpoint, "client", lambda *_: asked)
    offer = RehearsedPipeline(PLACE, "releases", "sources", "key").offer("x")
    assert (offer.execution, offer.tag, offer.shown) == ("x", "prod-2", "shall it?")
    assert asked.asked == 5


class CloudFormation:
    """Is done with an update before anybody looks: its events alone tell of it."""

    def __init__(self) -> None:
        self.token, self.looks = "", 0

    def describe_stacks(self, **_: str) -> Members:
        parameters = [{"ParameterKey": "ImageTag", "ParameterValue": "prod-1"}]
        return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE", "Parameters": parameters}]}

    def create_change_set(self, **_: object) -> None:
        pass

    def describe_change_set(self, **_: str) -> Members:
        return {"Status": "CREATE_COMPLETE"}

    def execute_change_set(self, **asked: str) -> None:
        self.token = asked["ClientRequestToken"]

    def get_paginator(self, operation: str) -> CloudFormation:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, **_: str) -> list[Members]:
        self.looks += 1
        told = {"ClientRequestToken": self.token} if self.looks > 2 else {}
        return [{"StackEvents": [{}]}, {"StackEvents": [told]}]


def test_an_update_that_is_over_at_once_has_begun_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = CloudFormation()
    monkeypatch.setattr(Endpoint, "client", lambda *_: asked)
    made = RehearsedService(PLACE, "stack", "cluster", "api", "host", {}, None)  # type: ignore[arg-type]
    assert made.release("prod-2") == "UPDATE_COMPLETE"
    assert asked.looks == 3


KNOWN = {
    "image_tag": "prod-2",
    "stack_image_tag": "prod-2",
    "stack": "UPDATE_COMPLETE",
    "tasks": "2 of 2",
    "deployment": {"status": "SUCCESSFUL", "stage": "CLEAN_UP"},
    "alarms": {},
}


def watched(monkeypatch: pytest.MonkeyPatch, told: list[Members], so: list[Members]) -> Any:  # noqa: ANN401 - a stage
    """Give a stage where it is so from look to look, and what status tells of it."""
    said: Iterator[Members] = iter(told)
    looks = iter(so)

    def run(_: str) -> Ran:
        answer = {"services": {"api": next(said)}, "releases": "open", "attention": []}
        return Ran(0, answer, "")

    monkeypatch.setattr(status_check, "known", lambda _: next(looks))
    desk = SimpleNamespace(run=run)
    return SimpleNamespace(key="api", desk=desk, is_frozen=lambda: False)


def test_status_is_asked_again_where_things_changed_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {**KNOWN, "tasks": "1 of 2"}
    stage = watched(monkeypatch, [before, KNOWN], [before, KNOWN, KNOWN, KNOWN])
    checks = Checks()
    status_check.check_status(stage, checks)
    assert checks.found[0].startswith("runbook status tells what is so: prod-2 in 2 of 2 tasks")


def test_status_that_tells_otherwise_though_nothing_changed_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = watched(monkeypatch, [{**KNOWN, "tasks": "1 of 2"}], [KNOWN, KNOWN])
    with pytest.raises(DrillError, match=r"runbook status tells .*1 of 2"):
        status_check.check_status(stage, Checks())


def test_a_caller_asks_first_and_last_however_short_it_is() -> None:
    versions = iter(["prod-1", "prod-2"])
    service: Any = SimpleNamespace(health=lambda: (200, next(versions)))
    with asking(service) as caller:
        assert caller.versions == ["prod-1"]
        service.health = lambda: (200, "prod-2")
    assert caller.versions[-1] == "prod-2"
    assert caller.failures == []


def test_nobody_can_listen_on_a_port_that_is_kept_closed() -> None:
    with closed_port() as port:
        with pytest.raises(OSError, match="in use"):
            bound(port)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 10)
    assert bound(free_port())


def bound(port: int) -> int:
    with socket.socket() as mine:
        mine.bind(("127.0.0.1", port))
        return int(mine.getsockname()[1])
