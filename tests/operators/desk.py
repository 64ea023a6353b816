"""An operator who runs one operation, and what came of it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Consent, Exit, Operation
from runbook.operations.protocol import perform
from runbook.operations.questions import look
from tests.operations.aws import Aws
from tests.operations.passing_time import PassingTime


@dataclass
class Desk:
    """Runs with --yes and --json; time passes only while somebody sleeps."""

    aws: Aws
    time: PassingTime = field(default_factory=PassingTime)
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    def run(
        self,
        make: Callable[[Account], Operation],
        *,
        dry_run: bool = False,
        accept: bool = False,
    ) -> Exit:
        """Run the operation with --yes and --json."""
        account = Account(self.aws.environment, self.aws.session())
        operation = make(account)
        console = Console(as_json=True, stdout=self.out, stderr=self.err)
        if dry_run:
            return look(operation, account, console)
        return perform(operation, account, console, Consent(yes=True, accept_changes=accept))

    @property
    def answer(self) -> dict[str, Any]:
        """What machines read."""
        told: dict[str, Any] = json.loads(self.out.getvalue())
        return told

    @property
    def refusal(self) -> str:
        """The one refusal, in a line."""
        (refusal,) = self.answer["refusals"]
        return f"{refusal['key']}: {refusal['why']}; {refusal['fix']}"
