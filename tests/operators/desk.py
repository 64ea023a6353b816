"""An operator who runs one operation, and what came of it."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Consent, Exit, Operation
from runbook.operations.protocol import look, perform
from tests.operations.aws import Aws


@dataclass
class Desk:
    """Time passes only while somebody sleeps."""

    aws: Aws
    clock: float = 0.0
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
    def time(self) -> dict[str, Any]:
        """The clock, as operations take it."""
        return {"clock": lambda: self.clock, "sleep": self._sleep}

    def _sleep(self, seconds: float) -> None:
        self.clock += seconds

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
