"""One blue/green deployment of a service, stage by stage, and back if anything says so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from sandbox.emulator.rehearsal.hooks import HookFailedError, HookRunner, hooks_at
from sandbox.emulator.rehearsal.records import (
    ROLLBACK_FAILED,
    ROLLBACK_REQUESTED,
    ROLLED_BACK,
    ROLLING_BACK,
    SUCCESSFUL,
    DeploymentRecord,
    Revision,
)
from sandbox.emulator.rehearsal.settings import RehearsalSettings

STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
# ECS calls the hooks of these again when it rolls back.
SHIFTS = ("PRODUCTION_TRAFFIC_SHIFT", "TEST_TRAFFIC_SHIFT")
TICK_SECONDS = 0.1


class StartError(Exception):
    """Tasks that did not come up healthy in time."""


class StoppedError(Exception):
    """Somebody stopped the deployment."""


class AlarmError(Exception):
    """An alarm of the deployment is in ALARM."""


class Ground(Protocol):
    """What a deployment acts on; `which` is `test` or `production`."""

    def start(self, revision: Revision, count: int) -> None:
        """Start tasks and wait until they are healthy; raises StartError."""

    def stop(self, revision: Revision) -> None:
        """Stop every task of a revision."""

    def shift(self, which: str, to: Revision, away_from: Revision | None) -> None:
        """Send all of a listener's traffic to a revision."""

    def in_alarm(self, names: Sequence[str]) -> list[str]:
        """Return which of the alarms are in ALARM."""


class Lifecycle:
    """Runs one deployment to its end; `wanted` is how many tasks the target gets."""

    def __init__(
        self,
        record: DeploymentRecord,
        ground: Ground,
        invoke: Callable[[str, dict[str, object]], dict[str, object]],
        settings: RehearsalSettings,
        *,
        wanted: int,
        going_back: Callable[[DeploymentRecord], None] = lambda _: None,
        ending: Callable[[DeploymentRecord, str], None] = lambda *_: None,
    ) -> None:
        """Prepare; nothing happens before `run`. `going_back` hears when it rolls back.

        `ending` hears with which status it ends, before that shows: who sees the end finds all
        that follows from it.
        """
        self.record, self.wanted, self._going_back = record, wanted, going_back
        self._ending = ending
        self._ground, self._settings = ground, settings
        self._stop, self._deciding = threading.Event(), threading.Lock()
        self._hooks = HookRunner(
            invoke, self._pause, settings.callback_factor, settings.timeout_seconds_per_minute
        )

    def stop(self) -> bool:
        """Ask for a rollback, as StopServiceDeployment does; return whether it was not finished."""
        with self._deciding:
            if self.record.is_finished:
                return False
            self.record.status = ROLLBACK_REQUESTED
            self._stop.set()
            return True

    def run(self) -> None:
        """Go through all stages, or back to the source; never raises."""
        try:
            self._begin_watching()
            for stage in STAGES:
                self._check()
                self._stage(stage)
        except (HookFailedError, StartError, AlarmError, StoppedError) as failure:
            self._roll_back(str(failure))
        except Exception as error:  # noqa: BLE001 - a deployment must end, whatever fails in here
            self._roll_back(f"the rehearsal itself failed: {error!r}")
        else:
            self._end(SUCCESSFUL, "")

    def _end(self, status: str, reason: str) -> None:
        try:
            self._ending(self.record, status)
        finally:
            with self._deciding:
                self.record.end(status, reason)

    def _stage(self, stage: str) -> None:
        record = self.record
        if stage == "PRODUCTION_TRAFFIC_SHIFT":
            self._call("PRE_PRODUCTION_TRAFFIC_SHIFT")
        record.enter(stage)
        if stage == "SCALE_UP":
            record.target.wanted = self.wanted
            self._ground.start(record.target, self.wanted)
        elif stage in SHIFTS:
            self._shift(stage, record.target, record.source)
        elif stage == "BAKE_TIME":
            minutes = float(record.configuration.get("bakeTimeInMinutes", 0))
            self._pause(minutes * self._settings.bake_seconds_per_minute)
            while self._settings.held and Path(self._settings.held).exists():
                self._pause(TICK_SECONDS)
        elif stage == "CLEAN_UP" and record.source:
            self._ground.stop(record.source)
        # The guide: only where another deployment was under way, which is stopped first here.
        if stage != "RECONCILE_SERVICE":
            self._call(stage)

    def _call(self, stage: str) -> None:
        for hook in hooks_at(self.record.configuration, stage):
            self._hooks.run(hook, stage, self.record)

    def _shift(self, stage: str, to: Revision, away_from: Revision | None) -> None:
        which = "test" if stage == "TEST_TRAFFIC_SHIFT" else "production"
        self._ground.shift(which, to, away_from)
        weights = self.record.weights
        shares = weights.test if which == "test" else weights.production
        shares.clear()
        shares[to.arn] = 100.0
        if away_from:
            shares[away_from.arn] = 0.0

    def _begin_watching(self) -> None:
        """Watch the alarms, unless one is in ALARM now: the deployment may be what mends it."""
        alarms = self.record.configuration.get("alarms") or {}
        names = alarms.get("alarmNames", [])
        if alarms.get("enable") and alarms.get("rollback") and not self._ground.in_alarm(names):
            self.record.watched = list(names)

    def _check(self) -> None:
        if self._stop.is_set():
            raise StoppedError("Service deployment stopped by StopServiceDeployment")
        if self.record.watched:
            self.record.triggered = self._ground.in_alarm(self.record.watched)
            if self.record.triggered:
                raise AlarmError(f"alarms in ALARM: {', '.join(self.record.triggered)}")

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            self._check()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._stop.wait(min(left, TICK_SECONDS))

    # --- Back ---

    def _roll_back(self, reason: str) -> None:
        record, source = self.record, self.record.source
        record.status, record.reason = ROLLING_BACK, reason
        record.rollback = {"reason": reason, "startedAt": time.time()}
        record.updated = time.time()
        self._going_back(record)
        if source is None:
            self._give_up("no earlier revision to go back to")
            return
        record.rollback["serviceRevisionArn"] = source.arn
        try:
            for stage in SHIFTS:
                if stage in record.stages:
                    self._shift(stage, source, record.target)
                    self._call_on_the_way_back(stage)
            self._ground.stop(record.target)
            record.target.wanted = 0
        except Exception as error:  # noqa: BLE001 - as above
            self._end(ROLLBACK_FAILED, f"{reason}; and the way back failed: {error!r}")
            return
        self._end(ROLLED_BACK, reason)

    def _call_on_the_way_back(self, stage: str) -> None:
        """Call the hooks of a shift again; what they say cannot stop a rollback."""
        self._stop.clear()
        try:
            for hook in hooks_at(self.record.configuration, stage):
                self._hooks.run(hook, stage, self.record)
        except (HookFailedError, AlarmError, StoppedError):
            return

    def _give_up(self, why: str) -> None:
        record = self.record
        try:
            self._ground.stop(record.target)
            record.target.wanted = 0
        finally:
            self._end(ROLLBACK_FAILED, f"{record.reason}; {why}")
