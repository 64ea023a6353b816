"""A service that runs, and somebody who releases."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from runbook.model.loader import load_environment
from runbook.operations.account import Account
from runbook.operations.console import Console
from runbook.operations.operation import Consent, Exit
from runbook.operations.preflight import Preflight
from runbook.operations.protocol import perform
from runbook.operations.questions import check, look
from runbook.operations.release import Release, Wanted
from tests.operations.aws import Aws
from tests.operations.passing_time import PassingTime
from tests.operations.revisions import NEW

NOW = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)


class Terminal(io.StringIO):
    """A stream that somebody sits at."""

    def isatty(self) -> bool:
        return True


@dataclass
class Operator:
    """Runs a release and remembers what was said; with ``account``, always by that one.

    With ``accepts`` a script's ``--accept-changes``.
    """

    aws: Aws
    account: Account | None = None
    accepts: bool = False
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    time: PassingTime = field(default_factory=PassingTime)

    def release(self, tag: str = NEW, **wanted: object) -> tuple[Release, Account]:
        account = self.account or Account(self.aws.environment, self.aws.session())
        wanted_ = Wanted(self.aws.key, tag, **wanted)  # type: ignore[arg-type]
        preflight = Preflight(account, self.aws.key, tag)
        return Release(account, wanted_, preflight=preflight, time=self.time), account

    def deploy(
        self,
        tag: str = NEW,
        *,
        answers: str | None = None,
        consent: Consent | None = None,
        **wanted: object,
    ) -> Exit:
        """With ``answers`` at a terminal, without in a script."""
        release, account = self.release(tag, **wanted)
        if answers is not None:
            self.out = Terminal()
        stdin = io.StringIO() if answers is None else Terminal(answers)
        console = Console(stdin=stdin, stdout=self.out, stderr=self.err)
        consent = consent or Consent(yes=answers is None, accept_changes=self.accepts)
        return perform(release, account, console, consent, now=lambda: NOW)

    def preview(self) -> Exit:
        release, account = self.release()
        return look(release, account, Console(stdout=self.out, stderr=self.err))

    def verify(self) -> Exit:
        release, account = self.release()
        return check(release, account, Console(stdout=self.out, stderr=self.err))

    @property
    def said(self) -> str:
        return self.out.getvalue() + self.err.getvalue()


@pytest.fixture
def aws() -> Aws:
    return Aws(load_environment("rovn/production"))


@pytest.fixture
def operator(aws: Aws) -> Operator:
    return Operator(aws)


@pytest.fixture
def at(aws: Aws) -> Callable[[str], Operator]:
    """Release to another environment."""
    return lambda name: Operator(Aws(load_environment(name)))
