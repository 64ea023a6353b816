"""Tasks of ECS as local processes: started, described, stopped, with exit codes and logs.

ministack keeps the records; it starts nothing, for it finds no Docker. Sidecars, whose images are
no folders here, are not started, and the task does not say that they run.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox.emulator.own_calls import Caller, RefusedError
from sandbox.emulator.patching import PATCHES
from sandbox.emulator.rehearsal.announcements import task_started, task_stopped
from sandbox.emulator.rehearsal.container import Prepared, override_of, prepare
from sandbox.emulator.rehearsal.images import PullError, is_kept
from sandbox.emulator.rehearsal.log_stream import LogStream
from sandbox.emulator.rehearsal.process import ContainerProcess
from sandbox.emulator.rehearsal.settings import RehearsalSettings

ECS = "ministack.services.ecs"
Members = dict[str, Any]
NOT_STARTED = "the rehearsal starts containers of the service's own images only"

PATCHES.needs(
    ECS,
    "_ACTION_MAP",
    "_SecretResolutionError",
    "_iso",
    "_resolve_container_secrets",
    "_run_task",
    "_task_defs",
    "_tasks",
)


@dataclass
class RunningTask:
    """A task's record in ministack, its processes, and where its first port is."""

    record: Members
    caller: Caller
    processes: dict[str, tuple[ContainerProcess, float]] = field(default_factory=dict)
    port: int | None = None

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return str(self.record["taskArn"])

    @property
    def is_running(self) -> bool:
        """Whether it has not stopped, for whatever reason."""
        return bool(self.record["lastStatus"] != "STOPPED")


class Tasks:
    """Every task of this emulator."""

    def __init__(self, settings: RehearsalSettings) -> None:
        """Begin without tasks."""
        self._settings = settings
        self._running: dict[str, RunningTask] = {}
        self._answers: dict[str, Members] = {}
        self._lock = threading.Lock()

    def run(self, caller: Caller, request: Members) -> Members:
        """Answer RunTask; the same client token starts no second task."""
        token = str(request.get("clientToken", ""))
        with self._lock:
            if token and token in self._answers:
                return self._answers[token]
            answer = self._run(caller, request)
            if token:
                self._answers[token] = answer
        return answer

    def _run(self, caller: Caller, request: Members) -> Members:
        started = self.start(caller, request)
        return {"tasks": [public(task.record) for task in started], "failures": []}

    def start(self, caller: Caller, request: Members) -> list[RunningTask]:
        """Start the tasks of a RunTask request; raises RefusedError as ministack refuses it."""
        from ministack.services import ecs

        status, _, body = ecs._run_task(request)
        answer = json.loads(body)
        if status != 200:
            raise RefusedError(answer["__type"], answer["message"])
        tasks = [
            RunningTask(ecs._tasks[told["taskArn"]], caller)  # the record itself, not its copy
            for told in answer["tasks"]
        ]
        for task in tasks:
            self._running[task.arn] = task
            self._begin(task, request.get("overrides") or {})
            task_started(task.record)
        return tasks

    def stop(self, arn: str, reason: str) -> None:
        """Stop a task and wait until its processes have gone."""
        task = self._running.get(arn)
        if task is None or not task.is_running:
            return
        task.record.update(desiredStatus="STOPPED", stoppedReason=reason, stopCode="UserInitiated")
        threads = [
            threading.Thread(target=process.stop, args=(seconds,))
            for process, seconds in task.processes.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def found(self, arn: str) -> RunningTask | None:
        """Return a task that was started here."""
        return self._running.get(arn)

    def _begin(self, task: RunningTask, overrides: Members) -> None:
        from ministack.services import ecs

        revision = str(task.record["taskDefinitionArn"]).rpartition("/")[2]
        definitions = ecs._task_defs[revision]["containerDefinitions"]
        ours = [each for each in definitions if is_kept(Path(self._settings.images), each["image"])]
        if not ours:
            _stopped(task, "TaskFailedToStart", f"CannotPullContainerError: {revision}: no image")
            return
        states = {each["name"]: each for each in task.record["containers"]}
        for definition in definitions:
            if definition not in ours:
                states[definition["name"]].update(lastStatus="PENDING", reason=NOT_STARTED)
        try:
            prepared = [
                prepare(
                    definition,
                    override_of(overrides, definition["name"]),
                    _secrets,
                    self._settings,
                )
                for definition in ours
            ]
            for definition, each in zip(ours, prepared, strict=True):
                self._start_container(task, definition, each)
        except (PullError, OSError, ecs._SecretResolutionError) as error:
            _stopped(task, "TaskFailedToStart", str(error))

    def _start_container(self, task: RunningTask, definition: Members, ready: Prepared) -> None:
        state = next(each for each in task.record["containers"] if each["name"] == ready.name)
        lines = LogStream(definition, task.arn.rpartition("/")[2], task.caller)

        def ended(code: int) -> None:
            lines.flush()
            if ready.claim:
                ready.claim.release()
            state.update(lastStatus="STOPPED", exitCode=code)
            if definition.get("essential", True) and task.is_running:
                _stopped(task, "EssentialContainerExited", "Essential container in task exited")

        process = ContainerProcess(ready.command, ready.variables, ready.folder, lines.add, ended)
        task.processes[ready.name] = (process, ready.stop_seconds)
        task.port = task.port or ready.port


def _secrets(definition: Members) -> Mapping[str, str]:
    from ministack.services import ecs

    resolved: dict[str, str] = ecs._resolve_container_secrets(definition)
    return resolved


def _stopped(task: RunningTask, code: str, reason: str) -> None:
    from ministack.services import ecs

    now = ecs._iso()
    record = task.record
    # One that was asked to stop keeps the reason it was given.
    asked = record.get("desiredStatus") == "STOPPED"
    change = {
        "desiredStatus": "STOPPED",
        "stopCode": record["stopCode"] if asked else code,
        "stoppedReason": record["stoppedReason"] if asked else reason,
        "stoppingAt": now,
        "stoppedAt": now,
        "executionStoppedAt": now,
        "lastStatus": "STOPPED",
    }
    task_stopped(record, change)
    for name, (process, seconds) in list(task.processes.items()):
        state = next(each for each in record["containers"] if each["name"] == name)
        if state["lastStatus"] != "STOPPED":
            threading.Thread(target=process.stop, args=(seconds,), daemon=True).start()


def public(record: Members) -> Members:
    """Return a record of ministack's as its API shows it."""
    from ministack.services import ecs

    shown: Members = json.loads(ecs._finalize_ecs_response(_answer(ecs._sanitize(record)))[2])
    return shown


def _answer(told: Members) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, json.dumps(told).encode()
