"""Takes executions through the stages of one pipeline, QUEUED: in the order in which they came."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sandbox.emulator.rehearsal.pipeline.declaration import Action, Declaration, Stage
from sandbox.emulator.rehearsal.pipeline.records import (
    FAILED,
    IN_PROGRESS,
    STOPPED,
    STOPPING,
    SUCCEEDED,
    ActionFailedError,
    ActionRun,
    Execution,
    StageRun,
)
from sandbox.emulator.rehearsal.pipeline.variables import UnresolvedError, resolved

Act = Callable[[ActionRun, Execution], None]
"""Does an action and completes its run; raises ActionFailedError."""
Tell = Callable[[Execution, str, StageRun | None, ActionRun | None], None]
"""Is told each state that an execution, or a stage or action of it, goes over to."""
STARTED, RESUMED = "STARTED", "RESUMED"


class PipelineRunner:
    """One pipeline and all its executions, the oldest first."""

    def __init__(self, declaration: Declaration, act: Act, tell: Tell) -> None:
        """Begin without executions."""
        self.declaration, self.executions = declaration, list[Execution]()
        self._act, self._tell = act, tell
        self._changed = threading.Condition()

    def start(self, execution: Execution) -> threading.Thread:
        """Queue an execution; it goes its way in a thread of its own."""
        thread = threading.Thread(target=self._run, args=(execution,), daemon=True)
        with self._changed:
            self.executions.append(execution)
            thread.start()
        return thread

    def stop(self, execution: Execution, reason: str) -> None:
        """Let an execution end after the actions that it is at."""
        with self._changed:
            execution.stopping, execution.reason = True, reason
            execution.set(STOPPING)
            self._changed.notify_all()
        self._tell(execution, STOPPING.upper(), None, None)

    def inbound(self, stage: int) -> Execution | None:
        """Return the execution that stands before a stage, and is the next to enter it."""
        waiting = [
            each
            for each in self.executions
            if each.waits and not each.has_ended and each.finished == stage
        ]
        return waiting[0] if waiting else None

    def _run(self, execution: Execution) -> None:
        self._tell(execution, STARTED, None, None)
        status = SUCCEEDED
        for number, stage in enumerate(self.declaration.stages):
            self._enter(execution, number)
            if execution.stopping:
                status = STOPPED
                break
            if not self._stage(execution, stage):
                status = STOPPED if execution.stopping else FAILED
                break
            with self._changed:
                execution.finished, execution.waits = number + 1, True
                self._changed.notify_all()
        try:
            # Who sees the end finds it announced.
            self._tell(execution, status.upper(), None, None)
        finally:
            with self._changed:
                execution.set(status)
                self._changed.notify_all()

    def _enter(self, execution: Execution, number: int) -> None:
        """Wait until every older execution has left the stage behind, or has ended."""
        with self._changed:
            older = self.executions[: self.executions.index(execution)]
            self._changed.wait_for(
                lambda: (
                    execution.stopping
                    or all(each.has_ended or each.finished > number for each in older)
                )
            )
            execution.waits = False

    def _stage(self, execution: Execution, stage: Stage) -> bool:
        """Run a stage, once more what failed if it is declared so; return whether it succeeded."""
        run = execution.stages[stage.name] = StageRun(stage.name)
        self._tell(execution, STARTED, run, None)
        succeeded = self._actions(execution, run, stage.actions)
        if not succeeded and stage.retries and not execution.stopping:
            self._tell(execution, FAILED.upper(), run, None)
            run.retried = True
            self._tell(execution, RESUMED, run, None)
            done = {name for name, each in run.latest().items() if each.status == SUCCEEDED}
            again = [action for action in stage.actions if action.name not in done]
            succeeded = self._actions(execution, run, again)
        run.status = SUCCEEDED if succeeded else FAILED
        self._tell(execution, run.status.upper(), run, None)
        return succeeded

    def _actions(self, execution: Execution, run: StageRun, actions: Sequence[Action]) -> bool:
        """Run actions by their order, those of one order at once; stop at the first that fails."""
        by_order = sorted(actions, key=lambda action: action.run_order)
        for _, together in itertools.groupby(by_order, key=lambda action: action.run_order):
            begun = [ActionRun(run.name, action, execution.id) for action in together]
            run.actions += begun
            with ThreadPoolExecutor(len(begun)) as pool:
                list(pool.map(lambda each: self._action(execution, run, each), begun))
            if any(each.status != SUCCEEDED for each in begun):
                return False
        return True

    def _action(self, execution: Execution, stage: StageRun, run: ActionRun) -> None:
        self._tell(execution, STARTED, stage, run)
        try:
            run.told = {
                name: resolved(value, execution.namespaces)
                for name, value in run.action.configuration.items()
            }
            self._act(run, execution)
        except UnresolvedError as error:
            run.error = {"code": "InvalidVariable", "message": str(error)}
        except ActionFailedError as error:
            run.error = {"code": error.code, "message": str(error)}
        except Exception as error:  # noqa: BLE001 - an execution must end, whatever fails in here
            run.error = {"code": "InternalError", "message": f"the rehearsal failed: {error!r}"}
        else:
            if run.action.namespace:
                execution.outputs[run.action.namespace] = run.variables
        if run.status == IN_PROGRESS:
            run.end(FAILED if run.error else SUCCEEDED)
        self._tell(execution, run.status.upper(), stage, run)
