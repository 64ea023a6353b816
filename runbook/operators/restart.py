"""`runbook restart`: the same image in new tasks. It deploys nothing (SCR-DEP-2, ROVN-DEP-3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from runbook.model.refusal import Refusal
from runbook.operations.account import Account
from runbook.operations.operation import Operation, OperationFailedError, UnwatchedError
from runbook.operations.preview import Change, Preview
from runbook.operations.services import EcsService, Running
from runbook.operations.waiting import REAL_TIME, Patience, Time
from runbook.operators.history import GOING_BACK, SUCCESSFUL, UNDER_WAY, History, Past


@dataclass(frozen=True)
class Again:
    """Which service to restart, and how long to watch; a bake window counts."""

    service: str
    timeout_minutes: float = 150.0


class Restart(Operation):
    """New tasks of the revision that runs: they read their secrets anew, and nothing else."""

    kind = "restart"

    def __init__(self, account: Account, wanted: Again, *, time: Time = REAL_TIME) -> None:
        self._account, self._wanted, self._time = account, wanted, time
        self._service = EcsService(account, wanted.service)
        self._history = History(account, wanted.service)
        self._running: Running | None = None
        self._before = ""
        name = account.environment.name
        self.title = f"restart of {wanted.service} in {name}"
        self.command = f"runbook restart {name} --service {wanted.service}"
        self.watch = f"runbook status {name}"
        self.without_you = "ECS goes on replacing the tasks; the old ones serve until then."

    def preview(self) -> Preview:
        """Say what runs, and that a restart changes neither image nor settings."""
        self._running = running = self._service.running()
        if running is None:
            why = "there is no such service in the cluster"
            refusal = Refusal("restart", why, "release an image first")
            return Preview(summary=self.title, refusals=[refusal])
        newest = next(iter(self._history.newest_first()), None)
        self._before = newest.arn if newest else ""
        busy = newest is not None and newest.status in (*UNDER_WAY, *GOING_BACK)
        same = {"image_tag": running.tag, "task_definition": running.task_definition}
        return Preview(
            summary=f"{self._wanted.service} in {self._account.environment.name}: new tasks of "
            f"{running.tag}",
            changes=[
                Change("tasks", f"{running.running} running", "as many new ones", expected=True)
            ],
            refusals=[_busy(newest)] if newest and busy else [],
            notes=[
                "A restart deploys nothing: the same image, the same revision; a new image needs "
                "`runbook release deploy`."
            ],
            before=same,
            after=same,
        )

    def execute(self, tell: Callable[[str], None]) -> None:
        """Ask ECS for new tasks, and watch the deployment to its end."""
        with self.beginning():
            self._account.client("ecs").update_service(
                cluster=self._account.environment.slug,
                service=self._service.name,
                forceNewDeployment=True,
            )
        tell("ECS is told to replace the tasks")
        patience = Patience(tell, goes_on=self.without_you, watch=self.watch)
        at = "ECS does not show a deployment"
        for _ in self._time.looks(self._wanted.timeout_minutes * 60):
            newest = next(iter(patience.ask(self._history.newest_first) or ()), None)
            if newest is None or newest.arn == self._before:
                continue
            now = f"deployment {newest.id} is {newest.status} at {newest.stage or 'no stage'}"
            if now != at:
                tell(now)
                at = now
            if newest.status not in (*UNDER_WAY, *GOING_BACK):
                return _must_have_gone_well(newest, self.watch)
        raise UnwatchedError(
            f"it is not done after {self._wanted.timeout_minutes:.0f} minutes",
            why=[at],
            fix=f"it goes on in ECS; look with: {self.watch}",
        )

    def verify(self) -> Mapping[str, Any]:
        """Look that the same image runs, in as many tasks as are wanted."""
        before, running = self._running, self._service.running()
        assert before is not None  # noqa: S101 - the preview answers for it
        told = f"{running.tag} in {running.running} tasks" if running else "nothing"
        if running is None or running.tag != before.tag or running.running < running.desired:
            raise OperationFailedError(
                f"{told} run, not {before.tag} in as many as before",
                why=["somebody changed the service meanwhile, or tasks do not come up"],
                fix=f"look with: {self.watch}",
            )
        return {
            "image tag": running.tag,
            "task definition": running.task_definition,
            "tasks": f"{running.running} of {running.desired} running",
        }


def _busy(newest: Past) -> Refusal:
    return Refusal(
        "restart",
        f"deployment {newest.id} is {newest.status} at {newest.stage}: it starts new tasks itself",
        "wait for its end; `runbook rollback` stops it",
    )


def _must_have_gone_well(newest: Past, watch: str) -> None:
    if newest.status != SUCCESSFUL:
        raise OperationFailedError(
            f"the tasks were not replaced: deployment {newest.id} is {newest.status}",
            why=[newest.reason or "ECS gives no reason"],
            fix=f"the tasks of before serve on; mend what it names; {watch} says what runs",
        )
