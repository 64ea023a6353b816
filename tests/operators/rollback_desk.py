"""One who rolls back, and /health as he sees it."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from runbook.operations.account import Account
from runbook.operations.operation import Exit
from runbook.operators.rollback import Back, Rollback
from runbook.operators.sentry import Sentry
from runbook.operators.watch_window import WatchWindow
from runbook.operators.web import Answer
from tests.operators.desk import Desk
from tests.operators.past import PastAws

KEY = "passport-api"


@dataclass
class Page:
    """/health as whoever asks sees it; ``answers`` come first, then the version that serves."""

    aws: PastAws
    answers: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str, headers: Any = None) -> Answer:  # noqa: ANN401
        self.asked.append(url)
        if self.answers:
            return self.answers.pop(0)
        return Answer(200, {"version": self.aws.tags[self.aws.running_number]})


class RollbackDesk(Desk):
    """One who rolls back."""

    aws: PastAws

    def __init__(self, aws: PastAws) -> None:
        super().__init__(aws)
        self.page = Page(aws)

    def rollback(self, to: str = "", *, dry_run: bool = False, accept: bool = False) -> Exit:
        return self.run(partial(self._operation, to), dry_run=dry_run, accept=accept)

    def _operation(self, to: str, account: Account) -> Rollback:
        sentry = Sentry(account, KEY, self.page)  # type: ignore[arg-type]
        window = WatchWindow(account, KEY, self.page, sentry, time=self.time)  # type: ignore[arg-type]
        return Rollback(account, Back(KEY, to), window=window, time=self.time)
