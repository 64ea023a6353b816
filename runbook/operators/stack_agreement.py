"""After traffic went back: the stack's ``ImageTag`` must say what serves, too."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, words
from runbook.operations.stacks import STEADY, ServiceStack, tag_of
from runbook.operations.waiting import Clock, Sleep

_POLL_SECONDS = 5.0
_CHANGE_SET_SECONDS = 300.0
Note = Callable[[str], None]


class StackAgreement:
    """Brings the service's stack to the tag that serves, without holding up what was urgent.

    What goes wrong here is kept in ``problem``, not raised: traffic is back already.
    """

    def __init__(
        self,
        account: Account,
        service: str,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._stack = ServiceStack(account, service)
        self._retry = f"runbook rollback {account.environment.name} --service {service}"
        self._clock, self._sleep = clock, sleep
        self._tag = ""
        self.problem = ""
        self.summary: Mapping[str, str] = {}

    def begin(self, tag: str, note: Note) -> None:
        """Let the stack have the tag; it may take as long as a release, and goes on alone."""
        self._tag = tag
        try:
            self._begin(note)
        except (ClientError, BotoCoreError) as error:
            self._fail(words(error), note)

    def _begin(self, note: Note) -> None:
        stack = self._settled(note)
        status = str(stack["StackStatus"]) if stack else "gone"
        if stack is None or status not in STEADY:
            self._fail(f"the stack {self._stack.name} is {status}, which takes no change set", note)
        elif tag_of(stack) == self._tag:
            note(f"the stack has {self._tag}, as what serves")
        else:
            parameters = [p["ParameterKey"] for p in stack.get("Parameters", [])]
            self._execute(parameters, note)

    def _settled(self, note: Note) -> Mapping[str, Any] | None:
        """Wait while CloudFormation undoes the release that was stopped."""
        deadline, said = self._clock() + _CHANGE_SET_SECONDS, ""
        while True:
            stack = self._stack.describe()
            status = str(stack["StackStatus"]) if stack else "gone"
            if not status.endswith("_IN_PROGRESS") or self._clock() >= deadline:
                return stack
            if status != said:
                note(f"the stack {self._stack.name} is {status}")
                said = status
            self._sleep(_POLL_SECONDS)

    def _execute(self, parameters: list[str], note: Note) -> None:
        """Make the change set anew: one of a release of long ago is no preview of now."""
        if self._stack.change_set(self._tag):
            self._stack.drop_change_set(self._tag)
        self._stack.ask_for_change_set(self._tag, parameters)
        deadline = self._clock() + _CHANGE_SET_SECONDS
        while self._clock() < deadline:
            found = self._stack.change_set(self._tag) or {}
            if found.get("Status") == "FAILED":
                self._fail(f"no change set: {found.get('StatusReason')}", note)
                return
            if found.get("ExecutionStatus") == "AVAILABLE":
                self._stack.execute(str(found["ChangeSetId"]))
                note(f"the stack is given {self._tag}; it deploys the image that serves once more")
                return
            self._sleep(_POLL_SECONDS)
        self._fail("CloudFormation made no change set in five minutes", note)

    def follow(self, note: Note) -> None:
        """Say how far it is; nobody has to wait for it."""
        try:
            stack = self._stack.describe()
        except (ClientError, BotoCoreError) as error:
            self._fail(words(error), note)
            return
        status = str(stack["StackStatus"]) if stack else "gone"
        self.summary = {"stack": f"{status} with {tag_of(stack) if stack else 'nothing'}"}
        note(f"the stack {self._stack.name} is {self.summary['stack']}")

    def _fail(self, why: str, note: Note) -> None:
        self.problem = why
        note(f"the stack does not agree yet: {why}")
