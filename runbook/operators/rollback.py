"""`runbook rollback`: the last known-good revision serves again (ROVN-RB-1, -2, -3)."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from runbook.model.refusal import Refusal
from runbook.operations.account import Account, code_of
from runbook.operations.operation import Operation, OperationFailedError, UnwatchedError
from runbook.operations.preview import Change, Preview
from runbook.operations.services import EcsService, Running
from runbook.operations.waiting import REAL_TIME, Patience, Tell, Time
from runbook.operators.history import GOING_BACK, SUCCESSFUL, UNDER_WAY, WENT_BACK, History, Past
from runbook.operators.rollback_plan import NoPlan, Plan, Way, notes, plan, schema_refusals
from runbook.operators.stack_agreement import StackAgreement
from runbook.operators.watch_window import WatchWindow

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

    Run again, it goes on with what it began (``rollback_plan.plan``).
    A freeze does not bind it, and it goes on when it cannot be recorded.
    """

    kind = "rollback"
    unrecorded_goes_on = True
    before_unexpected = "find out whether that image can read the schema"

    def __init__(
        self,
        account: Account,
        wanted: Back,
        *,
        window: WatchWindow,
        time: Time = REAL_TIME,
    ) -> None:
        self._account, self._wanted, self._window = account, wanted, window
        self._time = time
        self._service = EcsService(account, wanted.service)
        self._history = History(account, wanted.service)
        self._stack = StackAgreement(account, wanted.service, time)
        self._plan: Plan | None = None
        self._timeline: list[str] = []
        self._decided = 0.0
        name = account.environment.name
        self.title = f"rollback of {wanted.service} in {name}"
        to = f" --to {shlex.quote(wanted.to)}" if wanted.to else ""
        self.command = f"runbook rollback {name} --service {wanted.service}{to}"
        self.watch = f"runbook status {name}"
        self.without_you = (
            "What was begun goes on in ECS: traffic goes back without you; the stack gets the "
            "image only when you run the same command again, which goes on where it stands."
        )

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
        return Preview(
            summary=f"{self._wanted.service} in {self._account.environment.name}: "
            f"{found.left or 'another image'} -> {found.tag or 'another image'}, "
            f"by {self._how(found)}",
            changes=list(self._changes(running, found)),
            refusals=list(schema_refusals(found)),
            notes=list(notes(found)),
            before={"image_tag": found.left, "task_definition": found.left_definition},
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
        if found.is_over:
            return []
        if found.way is not Way.UPDATE:
            return [Change("traffic", found.left, found.tag, expected=True)]
        revision = Change(
            "task definition", running.task_definition, found.task_definition, expected=True
        )
        schema = Change("schema", "", "not known: no gate asks", expected=False)
        gated = self._account.environment.services[self._wanted.service].gate is not None
        image = Change("image", running.tag, found.tag, expected=True)
        return [image, revision, *([] if gated else [schema])]

    # ---- execute

    def decided(self) -> None:
        """Let the timeline begin."""
        self._decided = self._time.clock()

    def execute(self, tell: Callable[[str], None]) -> None:
        """Put traffic back, let the stack agree, watch; raises ``OperationFailedError``."""
        found = self._plan
        assert found is not None  # noqa: S101 - the preview answers for it
        self.so_far = {"timeline": self._timeline}

        def note(text: str) -> None:
            line = f"{self._seconds:6.0f} s  {text}"
            self._timeline.append(line)
            tell(line)

        with self.beginning():
            self._begin(found, note)
        self._until_traffic(found, note)
        self._until_ended(found, note)
        if found.ends_restart:
            raise OperationFailedError(
                f"the restart is ended, and {found.tag} serves on",
                why=["what was under way was a restart: there was no other image to go back to"],
                fix="run the same command again: it goes back by update-service now",
            )
        self._stack.begin(found.tag, note)
        self._window.watch(found.tag, self._wanted.watch_minutes, note)
        self._stack.follow(note)

    @property
    def _seconds(self) -> float:
        """Count from the decision on."""
        return self._time.clock() - self._decided

    def _begin(self, found: Plan, note: Tell) -> None:
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

    def _until_traffic(self, found: Plan, note: Tell) -> None:
        """Wait until production traffic goes to the older revision."""
        minutes, late = self._wanted.timeout_minutes, f"{found.tag} does not serve"
        self._wait(found, note, lambda p: p.carries == (found.task_definition,), minutes, late)
        note(f"traffic is on {found.tag}")
        if not found.is_over:
            self.so_far = {"seconds to traffic": round(self._seconds), **self.so_far}
            # The deployment still bakes for a while: whether it helped is not only asked then.
            self._window.look(found.tag, note)

    def _until_ended(self, found: Plan, note: Tell) -> None:
        """Wait until ECS has ended what it does, so that the stack can be brought to agree."""
        bakes = self._account.environment.services[self._wanted.service].bake_minutes
        minutes, late = self._wanted.timeout_minutes + bakes, f"{found.tag} serves and still bakes"
        self._wait(found, note, lambda _: False, minutes, late)
        note("ECS has ended the deployment")

    def _wait(
        self, found: Plan, note: Tell, reached: Callable[[Past], bool], minutes: float, late: str
    ) -> None:
        """Look until it is so, or ECS has ended what does it; AWS may be away for a while."""
        goes_on = "it goes on in ECS; the stack does not agree before the command is run again"
        patience = Patience(note, goes_on=goes_on, watch=self.watch)
        at = "ECS does not show it"
        for _ in self._time.looks(minutes * 60):
            newest = _followed(found, patience.ask(self._history.newest_first) or ())
            if newest is None:
                continue
            at = f"deployment {newest.id} is {newest.status} at {newest.stage or 'no stage'}"
            under_way = newest.status in (*UNDER_WAY, *GOING_BACK)
            if not under_way:
                self._must_have_gone_well(found, newest)
            if not under_way or reached(newest):
                return
        raise UnwatchedError(
            f"{late} after {minutes:.0f} minutes",
            why=[at],
            fix=f"{goes_on}; look with: {self.watch}",
        )

    def _must_have_gone_well(self, found: Plan, newest: Past) -> None:
        """Raise when ECS did not do it: the gate held it, or its tasks do not come up."""
        if newest.status == found.good_end:
            return
        if found.good_end == WENT_BACK and newest.status == SUCCESSFUL:
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
            **self.so_far,
        }

    def _must_agree(self) -> None:
        """Raise for what an operator has to see to: traffic is back, but not all is well."""
        found = self._plan
        assert found is not None  # noqa: S101 - the preview answers for it
        if self._stack.problem:
            raise OperationFailedError(
                f"{found.tag} serves, but the stack is not known to agree",
                why=[self._stack.problem, "its next update may bring the other image back"],
                fix=f"run the same command again: it moves no traffic, and lets the stack agree; "
                f"{self.watch} says whether it does",
            )
        if not self._window.healthy:
            health = self._window.summary["health"]
            raise OperationFailedError(
                f"{found.tag} serves by what ECS says, but /health does not confirm it",
                why=[f"/health: {health}"],
                fix=f"ask it from where the service can be reached, then: {self.watch}",
            )


def _followed(found: Plan, deployments: Sequence[Past]) -> Past | None:
    """Find the deployment that the rollback is about; none yet when ECS does not show it."""
    if found.way is Way.UPDATE:
        # After update-service it takes ECS a moment to show the deployment that it begins.
        newest = next(iter(deployments), None)
        return newest if newest and newest.arn != found.newest.arn else None
    # CloudFormation deploys what serves once more, as soon as the release is undone.
    return next((past for past in deployments if past.arn == found.newest.arn), None)
