"""A release: the service's stack with its previous template and a new image (ROVN-DEP-3, -6)."""

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.model.refusal import Refusal
from runbook.operations.account import Account, words
from runbook.operations.differences import changes, compared
from runbook.operations.freeze import freeze_refusals
from runbook.operations.images import image_refusals
from runbook.operations.obstacles import astray, busy, continue_rollback, too_late
from runbook.operations.operation import Begun, Operation, OperationFailedError
from runbook.operations.preflight import Checked, Preflight
from runbook.operations.preview import Preview
from runbook.operations.services import EcsService, Running
from runbook.operations.stacks import NEVER_MADE, STEADY, UPDATING, ServiceStack, tag_of
from runbook.operations.waiting import REAL_TIME, StackWatch, Time

_CHANGE_SET_SECONDS = 300.0
# For ``Wanted.instead_of``, where nothing ran at the preview.
NOTHING = "none"


@dataclass(frozen=True)
class Wanted:
    """What to release. With ``instead_of`` only while that tag runs: what was approved, is done."""

    service: str
    tag: str
    instead_of: str | None = None
    timeout_minutes: float = 150.0


class Release(Operation):
    """Preview, execute and verify one release; every step may be run again."""

    kind = "release"

    def __init__(
        self,
        account: Account,
        wanted: Wanted,
        *,
        preflight: Preflight | None = None,
        time: Time = REAL_TIME,
    ) -> None:
        self._account, self._wanted, self._time = account, wanted, time
        self._environment = account.environment
        self._service = EcsService(account, wanted.service)
        self._stack = ServiceStack(account, wanted.service)
        self._change_set, self._preflight = "", preflight
        name = self._environment.name
        self.title = f"release of {wanted.tag} to {wanted.service} in {name}"
        of = f"{name} --service {wanted.service} --image-tag {shlex.quote(wanted.tag)}"
        self.command, self.watch = f"runbook release deploy {of}", f"runbook release verify {of}"
        self.without_you = (
            "The release goes on in CloudFormation, and is undone there if it fails; "
            "to stop it: aws cloudformation cancel-update-stack "
            f"--stack-name {self._stack.name}, by a break-glass role."
        )

    # ---- preview

    def preview(self) -> Preview:
        """Compare what would run with what runs; create the change set, and execute nothing."""
        stack, running = self._stack.describe(), self._service.running()
        found = self._without_change_set(stack, running)
        if found:
            return found
        assert stack is not None  # noqa: S101 - _without_change_set answers for it
        refusals = list(self._refusals(running))
        # What runs already is only written into the stack: it went through before.
        same = running is not None and running.tag == self._wanted.tag
        checked = Checked() if same or not self._preflight else self._preflight.check()
        before = {"image_tag": running.tag if running else "", "stack_tag": tag_of(stack)}
        found = Preview(
            summary=f"{self._wanted.service} in {self._environment.name}: "
            f"{before['image_tag'] or 'nothing'} -> {self._wanted.tag}",
            refusals=refusals,
            holds=[*freeze_refusals(self._account), *checked.holds],
            changes=checked.unknown,
            notes=checked.notes,
            before=before,
            after={"image_tag": self._wanted.tag},
        )
        # Nothing is created for what is refused anyway.
        return found if refusals else self._with_change_set(found, stack, running)

    def _without_change_set(
        self, stack: Mapping[str, Any] | None, running: Running | None
    ) -> Preview | None:
        """Answer where there is nothing to compare: no stack, a busy one, nothing to do."""
        tag, status = self._wanted.tag, str(stack["StackStatus"]) if stack else ""
        if stack is None or status in NEVER_MADE:
            return self._first_release(status)
        if status in UPDATING and tag_of(stack) == tag:
            self.begun = Begun.YES
            return Preview(
                summary=f"the release of {tag} is under way already: it is watched to its end",
                before={"image_tag": running.tag if running else ""},
                after={"image_tag": tag},
            )
        if status not in STEADY:
            return _refused(self.title, busy(self._stack.name, status))
        if tag_of(stack) != tag:
            return None
        if running and running.tag == tag:
            summary = f"{tag} runs already: there is nothing to release"
            same = {"image_tag": tag}
            return Preview(summary=summary, nothing_to_do=True, before=same, after=same)
        return _refused(self.title, astray(self._stack.name, tag, running))

    def _first_release(self, status: str) -> Preview:
        name, tag = self._environment.name, self._wanted.tag
        there = f"is {status}" if status else "does not exist yet"
        first = f"make deploy ENV={name} IMAGE_TAG={tag}"
        clean = f"aws cloudformation delete-stack --stack-name {self._stack.name}, then "
        fix = first if status in ("", "REVIEW_IN_PROGRESS") else clean + first
        refusal = Refusal(
            "first release",
            f"the stack {self._stack.name} {there}: a release changes a service that is there",
            f"make the service with its first image: {fix}",
        )
        images = image_refusals(self._account, self._service.name, tag)
        return Preview(
            summary=f"first release of {self._wanted.service} to {name}: {fix}",
            refusals=list(images),
            holds=[refusal],
            after={"image_tag": tag},
        )

    def _refusals(self, running: Running | None) -> Iterator[Refusal]:
        yield from image_refusals(self._account, self._service.name, self._wanted.tag)
        expected, now = self._wanted.instead_of, running.tag if running else NOTHING
        if expected is not None and expected != now:
            yield Refusal(
                "instead-of",
                f"the preview was made against {expected}, and now {now} runs: "
                "what was approved is not what would happen",
                "look at a new preview, and approve that",
            )

    def _with_change_set(
        self, found: Preview, stack: Mapping[str, Any], running: Running | None
    ) -> Preview:
        change_set = self._prepared([p["ParameterKey"] for p in stack.get("Parameters", [])])
        if change_set.get("Status") != "CREATE_COMPLETE":
            reason = change_set.get("StatusReason") or change_set.get("Status")
            refusal = Refusal(
                "change set",
                f"CloudFormation made none that could be executed: {reason}",
                "repair what it names, then run the same command again",
            )
            return replace(found, refusals=[refusal])
        self._change_set = str(change_set["ChangeSetId"])
        definition = running.definition if running else None
        listed = changes(change_set["Changes"], self._wanted.tag, definition)
        beside = sum(not change.expected for change in listed)
        told = f"{found.summary}; {beside} changes beside the image" if beside else found.summary
        notes = [*found.notes, *compared(running)]
        return replace(found, summary=told, changes=[*listed, *found.changes], notes=notes)

    def _prepared(self, parameters: list[str]) -> Mapping[str, Any]:
        """Make the change set, or take the one that is there while it can be executed."""
        tag, fresh = self._wanted.tag, False
        found: Mapping[str, Any] = {}
        for last in self._time.looks(_CHANGE_SET_SECONDS):
            found = self._stack.change_set(tag) or {"Status": "missing"}
            status = str(found["Status"])
            if status == "CREATE_COMPLETE" and found.get("ExecutionStatus") == "AVAILABLE":
                return found
            if last:
                break
            if status == "FAILED" and fresh:
                self._stack.drop_change_set(tag)
                return found
            if status == "missing":
                self._stack.ask_for_change_set(tag, parameters)
                fresh = True
            elif not fresh and status in ("CREATE_COMPLETE", "FAILED"):
                # Of another time: executed, outdated or failed.
                self._stack.drop_change_set(tag)
        return {**found, "Status": f"{found['Status']} for minutes"}

    # ---- execute

    def execute(self, tell: Callable[[str], None]) -> None:
        """Execute the change set of the preview, and watch; watch alone when it is under way."""
        marker = ""
        if self._change_set:
            marker = self._stack.newest_event()
            self._start(tell)
        self.begun = Begun.YES
        self._follow(marker, tell)

    def _start(self, tell: Callable[[str], None]) -> None:
        """Start it; without an answer it is looked up, since the start may have come through."""
        self.begun = Begun.PERHAPS
        try:
            self._stack.execute(self._change_set)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, BotoCoreError):
                tell("the answer of AWS was lost: looking whether the release began")
            self.begun = self._whether_begun(error)
            if self.begun is not Begun.YES:
                raise

    def _whether_begun(self, error: ClientError | BotoCoreError) -> Begun:
        """Ask CloudFormation; an error of the last try says nothing about those before it.

        Raises ``NotBegunError`` when another update of the stack was first.
        """
        tag = self._wanted.tag
        try:
            stack, change_set = self._stack.describe(), self._stack.change_set(tag)
        except (ClientError, BotoCoreError):
            return Begun.PERHAPS
        if stack and str(stack["StackStatus"]) not in STEADY:
            if tag_of(stack) == tag:
                return Begun.YES
            if isinstance(error, ClientError):
                self.begun = Begun.NO
                raise too_late(stack, words(error)) from None
        waits = change_set is not None and change_set.get("ExecutionStatus") == "AVAILABLE"
        # A request that got no answer may still arrive; one that was refused does not.
        return Begun.NO if waits and isinstance(error, ClientError) else Begun.PERHAPS

    def _follow(self, marker: str, tell: Callable[[str], None]) -> None:
        watch = StackWatch(
            self._stack,
            self._service,
            marker=marker,
            timeout_seconds=self._wanted.timeout_minutes * 60,
            time=self._time,
        )
        status = watch.to_the_end(tell, watch=self.watch)
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        why = watch.why()
        if status == "UPDATE_ROLLBACK_COMPLETE":
            what = f"{self._wanted.tag} was not released: the stack rolled back by itself"
            fix = "the image that ran before goes on serving; mend the cause, release a new image"
        else:
            what = f"the stack {self._stack.name} is {status}"
            fix = continue_rollback(self._stack.name)
        raise OperationFailedError(what, why=why, fix=fix)

    # ---- verify

    def verify(self) -> Mapping[str, Any]:
        """Look whether the wanted image serves, waiting while a release is under way."""
        stack = self._stack.describe()
        if stack and str(stack["StackStatus"]).endswith("_IN_PROGRESS"):
            self._follow("", lambda _: None)
        running = self._service.running()
        tag = self._wanted.tag
        wrong = list(_wrong(running, tag))
        if wrong:
            raise OperationFailedError(
                f"{tag} does not serve as it should",
                why=wrong,
                fix=f"look at the service's events: {self._service.events}; then: {self.watch}",
            )
        assert running is not None  # noqa: S101 - _wrong answers for it
        return {
            "image tag": running.tag,
            "task definition": running.task_definition,
            "tasks": f"{running.running} of {running.desired} running",
        }


def _wrong(running: Running | None, tag: str) -> Iterator[str]:
    if running is None:
        yield "there is no such service in the cluster"
        return
    if running.tag != tag:
        yield f"{running.tag or 'another image'} runs"
    if running.rollout and running.rollout != "COMPLETED":
        yield f"its deployment is {running.rollout}"
    if running.running < max(1, running.desired):
        yield f"{running.running} of {running.desired} tasks run"


def _refused(summary: str, refusal: Refusal) -> Preview:
    return Preview(summary=summary, refusals=[refusal])
