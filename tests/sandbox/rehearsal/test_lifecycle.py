"""The stages of a deployment, and the way back from each, on ground that only writes down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.emulator.rehearsal.hooks import HookError
from sandbox.emulator.rehearsal.lifecycle import STAGES, Lifecycle, StartError
from sandbox.emulator.rehearsal.records import DeploymentRecord, Revision, Weights
from sandbox.emulator.rehearsal.settings import RehearsalSettings
from tests.sandbox.patience import SECONDS, eventually

Members = dict[str, Any]
SETTINGS = RehearsalSettings(
    images="",
    python="",
    account="111122223333",
    region="us-east-2",
    bake_seconds_per_minute=0.02,
    timeout_seconds_per_minute=0.02,
    callback_factor=0.001,
)
ON_THE_WAY_BACK = [("shift", "production", "blue"), ("shift", "test", "blue"), ("stop", "green")]


def revision(name: str) -> Revision:
    return Revision(name, "service", "cluster", f"{name}:1", f"group-{name}", {})


@dataclass
class Ground:
    """Writes down what is done; breaks, or rings, where it is told to."""

    done: list[tuple[object, ...]] = field(default_factory=list)
    breaks: bool = False
    rings: Callable[[], bool] = lambda: False

    def start(self, revision: Revision, count: int) -> None:
        self.done.append(("start", revision.arn, count))
        if self.breaks:
            raise StartError("as told")

    def stop(self, revision: Revision) -> None:
        self.done.append(("stop", revision.arn))

    def shift(self, which: str, to: Revision, away_from: Revision | None) -> None:
        self.done.append(("shift", which, to.arn))

    def in_alarm(self, names: Sequence[str]) -> list[str]:
        return list(names) if names and self.rings() else []


def record(configuration: Members, *, first: bool = False) -> DeploymentRecord:
    source = None if first else revision("blue")
    weights = Weights() if first else Weights({"blue": 100.0}, {"blue": 100.0})
    return DeploymentRecord("deployment", revision("green"), source, configuration, weights)


def hook(*stages: str, **more: object) -> Members:
    return {"hookTargetArn": "arn:function:gate", "lifecycleStages": list(stages), **more}


def deployed(
    configuration: Members,
    ground: Ground,
    answer: Callable[[str, Members], Members] = lambda *_: {"hookStatus": "SUCCEEDED"},
    *,
    first: bool = False,
) -> DeploymentRecord:
    made = record(configuration, first=first)
    Lifecycle(made, ground, answer, SETTINGS, wanted=2).run()
    return made


def test_no_bake_window_ends_while_it_is_held(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.touch()
    made = record({"bakeTimeInMinutes": 1})
    settings = replace(SETTINGS, held=str(held))
    lifecycle = Lifecycle(made, Ground(), lambda *_: {}, settings, wanted=2)
    thread = threading.Thread(target=lifecycle.run, daemon=True)
    thread.start()
    eventually(lambda: made.stage == "BAKE_TIME", "the bake window")
    thread.join(0.5)
    assert thread.is_alive()
    held.unlink()
    thread.join(SECONDS)
    assert made.status == "SUCCESSFUL"


@pytest.mark.parametrize("first", [True, False], ids=["first", "another"])
def test_every_stage_in_its_order(first: bool) -> None:
    ground = Ground()
    done = deployed({}, ground, first=first)
    assert (done.status, done.stages) == ("SUCCESSFUL", list(STAGES))
    assert ground.done == [
        ("start", "green", 2),
        ("shift", "test", "green"),
        ("shift", "production", "green"),
        *([] if first else [("stop", "blue")]),
    ]


def test_hooks_are_called_at_their_stages_with_the_weights_of_that_moment() -> None:
    called: list[Members] = []

    def answer(_function: str, event: Members) -> Members:
        called.append(event)
        return {"hookStatus": "SUCCEEDED"}

    at = ("RECONCILE_SERVICE", *STAGES[1:2], *STAGES[3:8], "PRE_PRODUCTION_TRAFFIC_SHIFT")
    deployed({"lifecycleHooks": [hook(*at)]}, Ground(), answer)
    blue, green = {"blue": 100.0}, {"blue": 0.0, "green": 100.0}
    assert [
        (
            event["lifecycleStage"],
            event["executionDetails"]["testTrafficWeights"],
            event["executionDetails"]["productionTrafficWeights"],
        )
        for event in called
    ] == [
        ("PRE_SCALE_UP", blue, blue),
        ("POST_SCALE_UP", blue, blue),
        ("TEST_TRAFFIC_SHIFT", green, blue),
        ("POST_TEST_TRAFFIC_SHIFT", green, blue),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", green, blue),
        ("PRODUCTION_TRAFFIC_SHIFT", green, green),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", green, green),
    ]
    assert len({event["executionId"] for event in called}) == len(called)
    assert {event["resourceArn"] for event in called} == {"deployment"}


@pytest.mark.parametrize(
    ("stage", "back"),
    [
        ("PRE_SCALE_UP", ON_THE_WAY_BACK[2:]),
        ("POST_SCALE_UP", ON_THE_WAY_BACK[2:]),
        ("TEST_TRAFFIC_SHIFT", ON_THE_WAY_BACK[1:]),
        ("POST_TEST_TRAFFIC_SHIFT", ON_THE_WAY_BACK[1:]),
        ("PRODUCTION_TRAFFIC_SHIFT", ON_THE_WAY_BACK),
        ("POST_PRODUCTION_TRAFFIC_SHIFT", ON_THE_WAY_BACK),
    ],
)
def test_a_hook_that_fails_leads_back_over_what_was_done(
    stage: str, back: list[tuple[str, ...]]
) -> None:
    ground = Ground()
    done = deployed({"lifecycleHooks": [hook(stage)]}, ground, lambda *_: {"hookStatus": "FAILED"})
    assert done.status == "ROLLBACK_SUCCESSFUL"
    assert done.reason == f"hook gate answered FAILED at {stage}"
    assert ground.done[-len(back) :] == back
    assert ("stop", "blue") not in ground.done
    assert done.weights.production.get("blue", 100.0) == 100.0
    assert done.weights.test.get("blue", 100.0) == 100.0
    assert done.rollback["serviceRevisionArn"] == "blue"


def test_on_the_way_back_the_hooks_of_the_shifts_are_called_again_and_cannot_stop_it() -> None:
    stages: list[str] = []

    def answer(_function: str, event: Members) -> Members:
        stages.append(event["lifecycleStage"])
        assert event["executionDetails"]["targetServiceRevisionArn"] == "green"
        fails = event["lifecycleStage"] == "POST_PRODUCTION_TRAFFIC_SHIFT" or len(stages) > 3
        return {"hookStatus": "FAILED" if fails else "SUCCEEDED"}

    at = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT")
    done = deployed({"lifecycleHooks": [hook(*at)]}, Ground(), answer)
    assert stages == [*at, "PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT"]
    assert done.status == "ROLLBACK_SUCCESSFUL"


def test_without_a_revision_to_go_back_to_the_deployment_has_failed() -> None:
    ground = Ground(breaks=True)
    done = deployed({}, ground, first=True)
    assert done.status == "ROLLBACK_FAILED"
    assert done.reason == "as told; no earlier revision to go back to"
    assert ground.done[-1] == ("stop", "green")


def test_what_breaks_in_here_leads_back_too() -> None:
    def broken(*_: object) -> Members:
        raise KeyError("x")

    done = deployed({"lifecycleHooks": [hook("PRE_SCALE_UP")]}, Ground(), broken)
    assert done.status == "ROLLBACK_SUCCESSFUL"
    assert done.reason == "the rehearsal itself failed: KeyError('x')"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{}], "hook gate answered no hookStatus but {} at PRE_SCALE_UP"),
        ([None], "hook gate answered no hookStatus but None at PRE_SCALE_UP"),
        ([{"hookStatus": "DONE"}], "no hookStatus but {'hookStatus': 'DONE'} at PRE_SCALE_UP"),
        ([HookError("Unhandled")], "hook gate failed at PRE_SCALE_UP: Unhandled"),
        ([{"hookStatus": "IN_PROGRESS", "callBackDelay": 30}] * 99, "hook gate timed out at"),
    ],
    ids=["nothing", "null", "another word", "error", "never"],
)
def test_an_answer_that_is_no_success_fails(answers: list[Any], said: str) -> None:
    left = list(answers)

    def answer(*_: object) -> Any:  # noqa: ANN401 - whatever a function may answer
        told = left.pop(0)
        if isinstance(told, HookError):
            raise told
        return told

    timed = hook("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 5, "action": "ROLLBACK"})
    done = deployed({"lifecycleHooks": [timed]}, Ground(), answer)
    assert said in done.reason
    assert done.status == "ROLLBACK_SUCCESSFUL"


def test_a_time_out_that_continues_fails_open() -> None:
    timed = hook("PRE_SCALE_UP", timeoutConfiguration={"timeoutInMinutes": 5, "action": "CONTINUE"})
    done = deployed({"lifecycleHooks": [timed]}, Ground(), lambda *_: {"hookStatus": "IN_PROGRESS"})
    assert done.status == "SUCCESSFUL"


def test_a_hook_that_works_on_is_asked_again_with_what_it_kept() -> None:
    details: list[object] = []
    executions = set()

    def answer(_function: str, event: Members) -> Members:
        details.append(event.get("hookDetails"))
        executions.add(event["executionId"])
        if len(details) == 3:
            return {"hookStatus": "SUCCEEDED"}
        kept = {"hookDetails": {"step": len(details)}} if len(details) == 1 else {}
        return {"hookStatus": "IN_PROGRESS", "callBackDelay": 1, **kept}

    given = hook("PRE_SCALE_UP", hookDetails={"given": True})
    deployed({"lifecycleHooks": [given]}, Ground(), answer)
    assert details == [{"given": True}, {"step": 1}, {"step": 1}]
    assert len(executions) == 1


def test_a_pause_hook_is_refused_not_ignored() -> None:
    pause = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    done = deployed({"lifecycleHooks": [pause]}, Ground())
    assert "the rehearsal knows Lambda hooks only" in done.reason


WATCHED = {"alarms": {"alarmNames": ["a", "b"], "enable": True, "rollback": True}}


def test_an_alarm_that_rings_later_leads_back() -> None:
    calls = iter([False, False, True])
    ground = Ground(rings=lambda: next(calls, True))
    done = deployed(WATCHED, ground)
    assert (done.status, done.reason) == ("ROLLBACK_SUCCESSFUL", "alarms in ALARM: a, b")
    assert done.described()["alarms"]["triggeredAlarmNames"] == ["a", "b"]


@pytest.mark.parametrize(
    "alarms",
    [
        WATCHED["alarms"],
        {**WATCHED["alarms"], "enable": False},
        {**WATCHED["alarms"], "rollback": False},
    ],
    ids=["in ALARM from the start", "not enabled", "without rollback"],
)
def test_an_alarm_that_is_not_watched_stops_nothing(alarms: Members) -> None:
    done = deployed({"alarms": alarms}, Ground(rings=lambda: True))
    assert (done.status, done.watched) == ("SUCCESSFUL", [])


def test_a_stop_in_the_bake_window_leads_back() -> None:
    ground = Ground()
    made = record({"bakeTimeInMinutes": 5000})
    lifecycle = Lifecycle(made, ground, lambda *_: {}, SETTINGS, wanted=1)
    thread = threading.Thread(target=lifecycle.run)
    thread.start()
    eventually(lambda: made.stage == "BAKE_TIME", "the bake window")
    assert lifecycle.stop()
    thread.join(SECONDS)
    assert made.status == "ROLLBACK_SUCCESSFUL"
    assert made.reason == "Service deployment stopped by StopServiceDeployment"
    assert ground.done[-3:] == ON_THE_WAY_BACK
    assert not lifecycle.stop()
    assert made.status == "ROLLBACK_SUCCESSFUL", "what is finished stays so"


def test_what_follows_an_end_is_done_before_it_shows() -> None:
    seen: list[tuple[str, str]] = []
    made = record({})
    lifecycle = Lifecycle(
        made,
        Ground(),
        lambda *_: {"hookStatus": "SUCCEEDED"},
        SETTINGS,
        wanted=2,
        ending=lambda of, status: seen.append((of.status, status)),
    )
    lifecycle.run()
    assert (seen, made.status) == ([("IN_PROGRESS", "SUCCESSFUL")], "SUCCESSFUL")


def test_an_end_that_cannot_be_announced_is_one_all_the_same() -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the bus refused it")

    made = record({})
    lifecycle = Lifecycle(made, Ground(), lambda *_: {}, SETTINGS, wanted=2, ending=broken)
    with pytest.raises(RuntimeError, match="the bus refused it"):
        lifecycle.run()
    assert made.status == "SUCCESSFUL"
