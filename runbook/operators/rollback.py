"""`runbook rollback`: the last known-good revision serves again (ROVN-RB-1, -2, -3)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal
from runbook.operations.account import Account, code_of
from runbook.operations.operation import Operation, OperationFailedError, UnwatchedError
from runbook.operations.preview import Change, Preview
from runbook.operations.services import EcsService, Running
from runbook.operations.waiting import Clock, Sleep
from runbook.operators.history import GOING_BACK, SUCCESSFUL, UNDER_WAY, WENT_BACK, History, Past
from runbook.operators.rollback_plan import NoPlan, Plan, Way, plan, schema_notes, schema_refusals
from runbook.operators.stack_agreement import StackAgreement
from runbook.operators.watch_window import WatchWindow

POLL_SECONDS = 5.0
_ENDED = ("ConflictException", "ServiceDeploymentNotFoundException")


@dataclass(frozen=True)
class Back:
    """What to go back to: nothing named means the last known-good revision."""

    service: str
    to: str = ""
    watch_minutes: float = 10.0
    timeout_minutes: float = 30.0


class Rollback(Operation):
    """Traffic first, then what has to agree with it; each step may be run again.

    A freeze does not bind it, and it goes on when it cannot be recorded.
    """

    kind = "rollback"
    unrecorded_goes_on = True

    def __init__(
        self,
        account: Account,
        wanted: Back,
        *,
        window: WatchWindow,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._account, self._wanted, self._window = account, wanted, window
        self._clock, self._sleep = clock, sleep
        self._service = EcsService(account, wanted.service)
        self._history = History(account, wanted.service)
        self._stack = StackAgreement(account, wanted.service, clock=clock, sleep=sleep)
        self._plan: Plan | None = None
        self._timeline: list[str] = []
        name = account.environment.name
        self.title = f"rollback of {wanted.service} in {name}"
        self.watch = f"runbook status {name}"
        self.without_you = "What was begun goes on in ECS: traffic goes back without you."

    # ---- preview

    def preview(self) -> Preview:
        """Find the revision and the way, and what the migrations since say."""
        running = self._service.running()
        if running is None:
            why = "there is no such service in the cluster"
            refusal = Refusal("rollback", why, "release an image first")
            return Preview(summary=self.title, refusals=[refusal])
        found = plan(self._history, running, self._wanted.to)
        if isinstance(found, NoPlan):
            return Preview(summary=self.title, refusals=[found.refusal])
        self._plan = found
        away = found.away
        return Preview(
            summary=f"{self._wanted.service} in {self._account.environment.name}: "
            f"{away or 'another image'} -> {found.tag}, by {self._how(found)}",
            changes=list(self._changes(running, found)),
            refusals=list(schema_refusals(found)),
            notes=list(schema_notes(found)),
            before={"image_tag": away, "task_definition": running.task_definition},
            after={"image_tag": found.tag, "task_definition": found.task_definition},
        )

    def _how(self, found: Plan) -> str:
        return {
            Way.STOP: f"stopping the deployment that is under way ({found.newest.stage})",
            Way.UPDATE: f"update-service to {found.task_definition.rpartition('/')[2]}",
            Way.WATCH: f"watching: it is {found.newest.status} already",
            Way.FOLLOW: f"going on with the rollback that was begun: it is {found.newest.status}",
        }[found.way]

    def _changes(self, running: Running, found: Plan) -> list[Change]:
        if found.way is not Way.UPDATE:
            return [Change("traffic", found.away, found.tag, expected=True)]
        revision = Change(
            "task definition", running.task_definition, found.task_definition, expected=True
        )
        schema = Change("schema", "not known", "not known: no gate asks", expected=False)
        gated = self._wanted.service in self._gated()
        image = Change("image", running.tag, found.tag, expected=True)
        return [image, revision, *([] if gated else [schema])]

    def _gated(self) -> tuple[str, ...]:
        services = self._account.environment.services.items()
        return tuple(key for key, service in services if service.strategy == "blue_green")

    # ---- execute

    def execute(self, tell: Callable[[str], None]) -> None:
        """Put traffic back, let the stack agree, watch; raises ``OperationFailedError``."""
        found = self._plan
        assert found is not None  # noqa: S101 - the preview answers for it
        decided = self._clock()

        def note(text: str) -> None:
            line = f"{self._clock() - decided:6.0f} s  {text}"
            self._timeline.append(line)
            tell(line)

        with self.beginning():
            self._begin(found, note)
        self._until_traffic(found, note)
        self._until_ended(found, note)
        self._stack.begin(found.tag, note)
        self._window.watch(found.tag, self._wanted.watch_minutes, note)
        self._stack.follow(note)

    def _begin(self, found: Plan, note: Callable[[str], None]) -> None:
        ecs, cluster = self._account.client("ecs"), self._account.environment.slug
        if found.way is Way.STOP:
            try:
                ecs.stop_service_deployment(
                    serviceDeploymentArn=found.newest.arn, stopType="ROLLBACK"
                )
                note(f"deployment {found.newest.id} is told to go back")
            except ClientError as error:
                # It ended, or goes back already: what it did is read below.
                if code_of(error) not in _ENDED:
                    raise
                note(f"deployment {found.newest.id} takes no stop any more: {code_of(error)}")
        elif found.way is Way.UPDATE:
            ecs.update_service(
                cluster=cluster,
                service=self._service.name,
                taskDefinition=found.task_definition,
            )
            note(f"ECS is told to serve {found.task_definition.rpartition('/')[2]}")

    def _until_traffic(self, found: Plan, note: Callable[[str], None]) -> None:
        """Wait until production traffic goes to the older revision."""
        self._wait(found, lambda newest: newest.carries == (found.task_definition,))
        note(f"traffic is on {found.tag}")

    def _until_ended(self, found: Plan, note: Callable[[str], None]) -> None:
        """Wait until ECS has ended what it does, so that the stack can be brought to agree."""
        self._wait(found, lambda _: False)
        note("ECS has ended the deployment")

    def _wait(self, found: Plan, reached: Callable[[Past], bool]) -> None:
        deadline = self._clock() + self._wanted.timeout_minutes * 60
        while True:
            newest = self._followed(found)
            if newest:
                self._must_go_well(found, newest)
                if newest.status not in (*UNDER_WAY, *GOING_BACK) or reached(newest):
                    return
            if self._clock() >= deadline:
                at = (
                    f"deployment {newest.id} is {newest.status} at {newest.stage}" if newest else ""
                )
                raise UnwatchedError(
                    f"{found.tag} does not serve after {self._wanted.timeout_minutes:.0f} minutes",
                    why=[at or "ECS shows no deployment that it began"],
                    fix=f"it goes on in ECS; look with: {self.watch}",
                )
            self._sleep(POLL_SECONDS)

    def _followed(self, found: Plan) -> Past | None:
        """Find the deployment that the rollback is about; none yet when ECS does not show it."""
        deployments = self._history.newest_first()
        if found.way is Way.UPDATE:
            # After update-service it takes ECS a moment to show the deployment that it begins.
            return deployments[0] if deployments[0].arn != found.newest.arn else None
        # CloudFormation deploys what serves once more, as soon as the release is undone.
        return next((past for past in deployments if past.arn == found.newest.arn), None)

    def _must_go_well(self, found: Plan, newest: Past) -> None:
        """Raise when ECS did not do it: the gate held it, or its tasks do not come up."""
        stopped = found.way in (Way.STOP, Way.WATCH)
        if newest.status in (*UNDER_WAY, *GOING_BACK):
            return
        if newest.status == (WENT_BACK if stopped else SUCCESSFUL):
            return
        if stopped and newest.status == SUCCESSFUL:
            why = f"deployment {newest.id} ended before it could be stopped: its image serves"
            again = "run the same command again: it goes back by update-service now"
            raise OperationFailedError("it was too late to stop it", why=[why], fix=again)
        raise OperationFailedError(
            f"{found.tag} does not serve: deployment {newest.id} is {newest.status}",
            why=[newest.reason or "ECS gives no reason"],
            fix="the revision of before serves on; if the schema holds it, go forward: release an "
            f"image that repairs it; {self.watch} says what runs",
        )

    # ---- verify

    def verify(self) -> Mapping[str, Any]:
        """Look what runs, and ask /health; the timeline goes into the record."""
        found, running = self._plan, self._service.running()
        assert found is not None  # noqa: S101 - the preview answers for it
        if running is None or running.tag != found.tag:
            now = running.tag if running else "nothing"
            raise OperationFailedError(
                f"{now} runs, not {found.tag}",
                why=["somebody changed the service meanwhile"],
                fix=f"look with: {self.watch}",
            )
        self._must_agree()
        return {
            "image tag": running.tag,
            "task definition": running.task_definition,
            "tasks": f"{running.running} of {running.desired} running",
            **self._window.summary,
            **self._stack.summary,
            "timeline": self._timeline,
        }

    def _must_agree(self) -> None:
        """Raise for what an operator has to see to: traffic is back, but not all is well."""
        name, found = self._account.environment.name, self._plan
        assert found is not None  # noqa: S101 - the preview answers for it
        if self._stack.problem:
            raise OperationFailedError(
                f"{found.tag} serves, but the stack still has another image",
                why=[self._stack.problem, "its next update would bring that image back"],
                fix=f"runbook release deploy {name} --service {self._wanted.service} "
                f"--image-tag {found.tag}",
            )
        if not self._window.healthy:
            health = self._window.summary["health"]
            raise OperationFailedError(
                f"{found.tag} serves by what ECS says, but /health does not confirm it",
                why=[f"/health: {health}"],
                fix=f"ask it from where the service can be reached, then: {self.watch}",
            )
