"""The one way to change production: preview, confirm, execute, verify, log (ROVN-DEP-8).

A command is an ``Operation``; ``perform`` takes it through the steps. Only ``perform`` opens the
account for writing, so a command that goes around it reaches nothing it could change.
"""

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account, words
from runbook.operations.console import Console
from runbook.operations.operation import (
    Begun,
    Consent,
    Exit,
    NotBegunError,
    Operation,
    OperationFailedError,
    UnwatchedError,
)
from runbook.operations.preview import Preview
from runbook.operations.records import AuditLog, NoAuditBucketError, Record
from runbook.operations.telling import complain, error_line, heading, in_words, show

_UNCHANGED = "Nothing was changed."


@dataclass
class _Run:
    """One pass through the protocol."""

    operation: Operation
    account: Account
    console: Console
    consent: Consent
    now: Callable[[], datetime]
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    result: dict[str, Any] = field(default_factory=dict)

    def to_the_end(self) -> Exit:
        self.console.say(_where(self.account))
        actor = self.account.identity()
        preview = self.operation.preview()
        self.result |= preview.as_json()
        show(preview, self.console)
        if preview.nothing_to_do:
            return self._end(Exit.DONE, "nothing to do")
        self._refuse(preview)
        if not self._confirmed():
            self.console.say("Nothing was changed.")
            return self._end(Exit.REFUSED, "declined")
        log = AuditLog(self.account)
        with self.account.writing():
            self._first(log, preview, actor)
            exit_code, outcome, detail = self._to_its_end()
            recorded = self._last(log, self._record(preview, actor, outcome, detail))
        return self._end(exit_code or recorded, outcome)

    def _refuse(self, preview: Preview) -> None:
        refusals = [*preview.refusals, *preview.holds]
        if preview.unexpected and not self.consent.accept_changes:
            named = "; ".join(change.where for change in preview.unexpected)
            refusals.append(
                Refusal(
                    "changes beside the image",
                    f"a {self.operation.kind} changes the image and nothing else, and this one "
                    f"changes {named}",
                    f"{self.operation.before_unexpected}, or agree with --accept-changes",
                )
            )
        if not (self.consent.yes or self.console.can_ask):
            refusals.append(
                Refusal(
                    "confirmation",
                    "nobody is there to confirm: this is no terminal",
                    "look at the preview, then add --yes",
                )
            )
        if refusals:
            raise RefusedError(self.operation.title, refusals)

    def _confirmed(self) -> bool:
        if self.consent.yes:
            return True
        environment = self.account.environment
        if environment.tier == "synthetic":
            return self.console.ask("Go on? [y/N]").lower() in ("y", "yes")
        name = environment.name
        return self.console.ask(f"This is {name}. Type its name to go on:") == name

    def _to_its_end(self) -> tuple[Exit, str, dict[str, Any]]:
        with suppress(KeyboardInterrupt):
            return self._execute()
        # Who presses Ctrl-C twice wants to be gone: the record is written all the same.
        with suppress(KeyboardInterrupt):
            self.console.say(f"\nInterrupted. {self.how_it_stands()}", "warn")
        return Exit.INTERRUPTED, self._unfinished(), {}

    def _execute(self) -> tuple[Exit, str, dict[str, Any]]:
        try:
            self.operation.execute(self.console.step)
            verified = dict(self.operation.verify())
        except OperationFailedError as failed:
            detail = {"what": failed.what, "why": list(failed.why), "fix": failed.fix}
            self.result["failure"] = detail
            complain(failed, self.console)
            code = Exit.REFUSED if isinstance(failed, NotBegunError) else Exit.FAILED
            return code, failed.outcome, detail
        except (ClientError, BotoCoreError) as error:
            why = {"what": "AWS did not answer as it should", "why": [words(error)]}
            self.result["failure"] = why
            self.console.complain(error_line(error, self.result, self.how_it_stands()))
            unharmed = self.operation.begun is Begun.NO
            return Exit.REFUSED if unharmed else Exit.FAILED, self._unfinished(), why
        self.result["verified"] = verified
        for name, value in verified.items():
            self.console.say(f"  {name}: {value}")
        self.console.say(f"Done: {self.operation.title}.", "good")
        return Exit.DONE, "succeeded", verified

    def _unfinished(self) -> str:
        """Name the outcome of what was broken off: what may have begun is not taken for undone."""
        return "not begun" if self.operation.begun is Begun.NO else UnwatchedError.outcome

    def how_it_stands(self) -> str:
        """Say what was changed, as far as is known, whatever it was that broke it off."""
        operation = self.operation
        if operation.begun is Begun.NO:
            return _UNCHANGED
        unsure = "It is not known whether it began. If so: " * (operation.begun is Begun.PERHAPS)
        return f"{unsure}{operation.without_you} To watch it: {operation.watch}"

    def _first(self, log: AuditLog, preview: Preview, actor: str) -> None:
        """Write the first record; without it nothing begins but what is always let go on."""
        self.result["records"] = []
        try:
            log.locate()
            try:
                self.result["records"].append(log.put(self._record(preview, actor, "started")))
            except (BotoCoreError, KeyboardInterrupt) as error:
                if self.operation.unrecorded_goes_on and isinstance(error, BotoCoreError):
                    raise
                # It may stand there all the same, and nobody shall wonder how that release ended.
                self._last(log, self._record(preview, actor, self._unfinished()))
                raise
        except (ClientError, BotoCoreError, NoAuditBucketError) as error:
            told = in_words(error)
            if self.operation.unrecorded_goes_on:
                self._unrecorded("The start", self._record(preview, actor, "started"), told)
                return
            refusal = Refusal(
                "audit record",
                f"it cannot be written, and what cannot be recorded does not begin: {told}",
                "see that the audit stack is there and that this identity may write to its bucket",
            )
            raise RefusedError(self.operation.title, [refusal]) from None

    def _last(self, log: AuditLog, record: Record) -> Exit:
        """Write the last record; say what stands in it when it cannot be written."""
        try:
            self.result["records"].append(log.put(record))
        except KeyboardInterrupt:
            self._unrecorded("The outcome", record, "interrupted")
            return Exit.INTERRUPTED
        except (ClientError, BotoCoreError, NoAuditBucketError) as error:
            self._unrecorded("The outcome", record, in_words(error))
            return Exit.FAILED
        return Exit.DONE

    def _unrecorded(self, what: str, record: Record, why: str) -> None:
        self.console.complain(
            f"{what} is not recorded: {why}\n"
            f"Put this line into the audit bucket as {record.key}:\n{record.body.decode()}"
        )

    def _record(
        self, preview: Preview, actor: str, outcome: str, detail: Mapping[str, Any] | None = None
    ) -> Record:
        step = "start" if outcome == "started" else "end"
        return Record(
            time=self.now(),
            kind=f"{self.operation.kind}-{step}",
            event_id=self.id,
            environment=self.account.environment.name,
            actor=actor,
            before=preview.before,
            after=preview.after,
            outcome=outcome,
            detail={
                "operation": self.operation.title,
                "preview": preview.summary,
                **(detail or {}),
            },
        )

    def _end(self, code: Exit, outcome: str) -> Exit:
        self.result["outcome"] = outcome
        self.console.answer(self.result)
        return code


def perform(
    operation: Operation,
    account: Account,
    console: Console,
    consent: Consent,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Exit:
    """Take an operation through every step; nothing is changed before it is confirmed."""
    run = _Run(operation, account, console, consent, now, result=heading(operation.kind, account))
    return Exit(told(run.to_the_end, console, run.result, run.how_it_stands))


def look(operation: Operation, account: Account, console: Console) -> Exit:
    """Preview it and stop; refused when the operation would be."""

    def looked() -> Exit:
        console.say(_where(account))
        preview = operation.preview()
        result.update(preview.as_json(), outcome="preview")
        show(preview, console)
        if preview.refusals:
            raise RefusedError(operation.title, preview.refusals)
        console.answer(result)
        return Exit.DONE

    result = heading(operation.kind, account)
    return Exit(told(looked, console, result))


def check(operation: Operation, account: Account, console: Console) -> Exit:
    """Verify it and nothing else."""

    def checked() -> tuple[int, Mapping[str, Any]]:
        verified = dict(operation.verify())
        for name, value in verified.items():
            console.say(f"  {name}: {value}")
        return Exit.DONE, {"outcome": "verified", "verified": verified}

    return Exit(read(operation.kind, account, console, checked))


def read(
    kind: str,
    account: Account,
    console: Console,
    look_up: Callable[[], tuple[int, Mapping[str, Any]]],
) -> int:
    """Answer a question that changes nothing, of this account and no other.

    ``look_up`` gives the exit code and what machines read.
    """

    def answered() -> int:
        console.say(_where(account))
        code, found = look_up()
        console.answer(result | dict(found))
        return code

    result = heading(kind, account)
    return told(answered, console, result)


def _where(account: Account) -> str:
    """Name the environment and who asks; raises ``RefusedError`` in another account."""
    return f"In {account.where}, as {account.identity()}"


def told(
    step: Callable[[], int],
    console: Console,
    result: dict[str, Any],
    how_it_stands: Callable[[], str] = lambda: _UNCHANGED,
) -> int:
    """Turn what goes wrong into words and an exit code: a traceback helps nobody at night."""
    try:
        return step()
    except RefusedError as refused:
        console.complain(refused.brief)
        refusals = [{"key": r.key, "why": r.reason, "fix": r.fix} for r in refused.refusals]
        console.answer(result | {"outcome": "refused", "refusals": refusals})
        return Exit.REFUSED
    except OperationFailedError as failed:
        complain(failed, console)
        failure = {"what": failed.what, "why": list(failed.why), "fix": failed.fix}
        console.answer(result | {"outcome": failed.outcome, "failure": failure})
        return Exit.FAILED
    except (ClientError, BotoCoreError) as error:
        console.complain(error_line(error, result, how_it_stands()))
        failure = {"what": "AWS did not answer as it should", "why": [words(error)]}
        console.answer(result | {"outcome": "refused", "failure": failure})
        return Exit.REFUSED
    except KeyboardInterrupt:
        console.say(f"\nInterrupted. {how_it_stands()}", "warn")
        console.answer(result | {"outcome": "interrupted"})
        return Exit.INTERRUPTED
