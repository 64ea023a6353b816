"""After traffic went back: the stack's ``ImageTag`` must say what serves, too."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import Account, words
from runbook.operations.stacks import STEADY, UPDATING, ServiceStack, tag_of
from runbook.operations.waiting import REAL_TIME, Tell, Time

_CHANGE_SET_SECONDS = 300.0


class StackAgreement:
    """Brings the service's stack to the tag that serves, without holding up what was urgent.

    What goes wrong here is kept in ``problem``, not raised: traffic is back already.
    """

    def __init__(self, account: Account, service: str, time: Time = REAL_TIME) -> None:
        self._stack, self._time = ServiceStack(account, service), time
        self._tag = ""
        self.problem = ""
        self.summary: Mapping[str, str] = {}

    def begin(self, tag: str, note: Tell) -> None:
        """Let the stack have the tag; it may take as long as a release, and goes on alone."""
        self._tag = tag
        if not tag:
            self._fail("what serves is no image of the service's own repository", note)
            return
        try:
            self._begin(note)
        except (ClientError, BotoCoreError) as error:
            self._fail(words(error), note)

    def _begin(self, note: Tell) -> None:
        stack = self._settled(note)
        status = str(stack["StackStatus"]) if stack else "gone"
        if self._agrees(stack):
            note(f"the stack has {self._tag}, as what serves")
        elif stack is None or status not in STEADY:
            self._fail(f"the stack {self._stack.name} is {status}, which takes no change set", note)
        else:
            parameters = [p["ParameterKey"] for p in stack.get("Parameters", [])]
            self._execute(parameters, note)

    def _settled(self, note: Tell) -> Mapping[str, Any] | None:
        """Wait while CloudFormation undoes the release that was stopped."""
        stack, said = None, ""
        for _ in self._time.looks(_CHANGE_SET_SECONDS):
            stack = self._stack.describe()
            status = str(stack["StackStatus"]) if stack else "gone"
            if not status.endswith("_IN_PROGRESS") or self._agrees(stack):
                break
            if status != said:
                note(f"the stack {self._stack.name} is {status}")
                said = status
        return stack

    def _agrees(self, stack: Mapping[str, Any] | None) -> bool:
        """Tell a stack that has the tag, or is on its way there and not back."""
        found = stack is not None and stack["StackStatus"] in (*STEADY, *UPDATING)
        return found and stack is not None and tag_of(stack) == self._tag

    def _execute(self, parameters: list[str], note: Tell) -> None:
        """Make the change set anew: one of a release of long ago is no preview of now."""
        if self._stack.change_set(self._tag):
            self._stack.drop_change_set(self._tag)
        self._stack.ask_for_change_set(self._tag, parameters)
        for _ in self._time.looks(_CHANGE_SET_SECONDS):
            found = self._stack.change_set(self._tag) or {}
            if found.get("Status") == "FAILED":
                self._fail(f"no change set: {found.get('StatusReason')}", note)
                return
            if found.get("ExecutionStatus") == "AVAILABLE":
                self._stack.execute(str(found["ChangeSetId"]))
                note(f"the stack is given {self._tag}; it deploys the image that serves once more")
                return
        self._fail("CloudFormation made no change set in five minutes", note)

    def follow(self, note: Tell) -> None:
        """Say how far it is, which nobody has to wait for; what it has now is what counts."""
        try:
            stack = self._stack.describe()
        except (ClientError, BotoCoreError) as error:
            self._fail(words(error), note)
            return
        status = str(stack["StackStatus"]) if stack else "gone"
        self.summary = {"stack": f"{status} with {tag_of(stack) if stack else 'nothing'}"}
        note(f"the stack {self._stack.name} is {self.summary['stack']}")
        if self._agrees(stack):
            self.problem = ""
        elif not self.problem:
            self.problem = f"the stack {self._stack.name} is {self.summary['stack']}"

    def _fail(self, why: str, note: Tell) -> None:
        self.problem = why
        note(f"the stack does not agree yet: {why}")
