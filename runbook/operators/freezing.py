"""`runbook freeze` and `runbook unfreeze`: nothing is released in between; rollbacks are."""

import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from runbook.operations.account import Account
from runbook.operations.freeze import (
    Freeze,
    NoFreezeError,
    UnansweredFreezeError,
    UnreadableFreezeError,
    parameter_name,
    read_freeze,
    unreadable,
)
from runbook.operations.operation import NotBegunError, Operation, OperationFailedError
from runbook.operations.preview import Change, Preview


class ChangeFreeze(Operation):
    """Put the freeze of an environment in force, with a ``reason``, or lift it, without one.

    A value that is none is repaired: it counts as frozen until then. What AWS does not tell is
    left alone, since it may be somebody's freeze. A freeze goes on when it cannot be recorded,
    because it only holds back; lifting one does not.
    """

    def __init__(
        self,
        account: Account,
        reason: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account, self._reason, self._now = account, reason, now
        self._found: Freeze | UnreadableFreezeError | None = None
        name = account.environment.name
        self.kind = "unfreeze" if reason is None else "freeze"
        self.title = f"{self.kind} of releases in {name}"
        self.without_you = "It is one call: the freeze is in force or it is not."
        why = "" if reason is None else f" --reason {shlex.quote(reason)}"
        self.command, self.watch = f"runbook {self.kind} {name}{why}", f"runbook status {name}"
        self.unrecorded_goes_on = reason is not None

    def preview(self) -> Preview:
        """Say who froze it, if somebody did, and what will be in force."""
        name = self._account.environment.name
        self._found = self._read()
        if isinstance(self._found, NoFreezeError):
            refusal = unreadable(self._account.environment, self._found)
            return Preview(summary=self.title, refusals=[refusal])
        wanted = self._reason is not None
        if isinstance(self._found, Freeze) and self._found.frozen is wanted:
            same = {"freeze": self._found.value}
            summary = f"{name}: {self._found}; nothing is changed"
            return Preview(summary=summary, nothing_to_do=True, before=same, after=same)
        after = f"frozen: {self._reason}" if wanted else "open"
        change = Change("releases", _words(self._found), after, expected=True)
        return Preview(
            summary=f"{name}: releases will be {after}",
            changes=[change],
            notes=["Rollbacks are not bound by a freeze."] if wanted else [],
            before={"freeze": getattr(self._found, "value", _words(self._found))},
            after={"frozen": wanted, "reason": self._reason or ""},
        )

    def execute(self, tell: Callable[[str], None]) -> None:
        """Write the parameter, unless somebody wrote it since the preview."""
        now = self._read()
        if (type(now), _words(now)) != (type(self._found), _words(self._found)):
            raise NotBegunError(
                "the freeze was changed by somebody else since the preview",
                why=[_words(now)],
                fix=f"look again: {self.watch}",
            )
        by, since = self._account.identity(), f"{self._now():%Y-%m-%dT%H:%M:%SZ}"
        freeze = Freeze(self._reason is not None, by, self._reason or "", since)
        name = parameter_name(self._account.environment)
        with self.beginning():
            self._account.client("ssm").put_parameter(Name=name, Value=freeze.value, Overwrite=True)
        tell(f"{name} is written")

    def verify(self) -> Mapping[str, Any]:
        """Read it back."""
        found = self._read()
        wanted = self._reason is not None
        if not isinstance(found, Freeze) or found.frozen is not wanted:
            raise OperationFailedError(
                f"the freeze is not as it was written: {_words(found)}",
                why=["somebody else changed it meanwhile, or the write was lost"],
                fix=f"look at it with `{self.watch}`, then run the same command again",
            )
        return {"releases": str(found)}

    def _read(self) -> Freeze | UnreadableFreezeError:
        """Read it, or say why it cannot be; raises what AWS raises."""
        try:
            return read_freeze(self._account)
        except UnansweredFreezeError as unanswered:
            raise unanswered.error from None
        except UnreadableFreezeError as why:
            return why


def _words(found: Freeze | UnreadableFreezeError | None) -> str:
    return (
        str(found) if isinstance(found, Freeze) else f"unreadable, which counts as frozen: {found}"
    )
