"""The one way to change production: preview, confirm, execute, verify, log (ROVN-DEP-8).

A command is an ``Operation``; ``perform`` takes it through the steps. Only ``perform`` opens the
account for writing, so a command that goes around it reaches nothing it could change.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError

from runbook.model.refusal import Refusal, RefusedError
from runbook.operations.account import Account
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
from runbook.operations.questions import UNCHANGED, told, where
from runbook.operations.records import AuditLog, NoAuditBucketError, Record
from runbook.operations.telling import (
    UNANSWERED,
    complain,
    error_line,
    heading,
    in_words,
    show,
    show_found,
)


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
        self.console.say(where(self.account))
        actor = self.account.identity()
        preview = self.operation.preview()
        self.result |= preview.as_json()
        show(preview, self.console)
        if preview.nothing_to_do:
            return self._end(Exit.DONE, "nothing to do")
        self._refuse(preview)
        if not self._confirmed():
            self.console.say(UNCHANGED)
            return self._end(Exit.REFUSED, "declined")
        self.operation.decided()
        log = AuditLog(self.account)
        with self.account.writing():
            self._first(log, preview, actor)
            exit_code, outcome, detail = self._to_its_end()
            detail = {**self.operation.so_far, **detail}
            recorded = self._last(log, self._record(preview, actor, outcome, detail))
        if exit_code and self.operation.so_far:
            self.result["so_far"] = dict(self.operation.so_far)
        return self._end(exit_code or recorded, outcome)

    def _refuse(self, preview: Preview) -> None:
        refusals = [*preview.refusals, *preview.holds]
        if preview.unexpected and not self.consent.accept_changes:
            named = ", ".join(change.where for change in preview.unexpected)
            refusals.append(
                Refusal(
                    "beside the image",
                    f"a {self.operation.kind} is there to change the image alone; not agreed to "
                    f"yet: {named}",
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
        except UNANSWERED as error:
            why = {"what": "AWS did not answer as it should", "why": [in_words(error)]}
            self.result["failure"] = why
            self.console.complain(error_line(error, self.result, self.how_it_stands()))
            unharmed = self.operation.begun is Begun.NO
            return Exit.REFUSED if unharmed else Exit.FAILED, self._unfinished(), why
        self.result["verified"] = verified
        self.result["next"] = self.operation.next
        show_found(verified, self.console)
        self.console.say(f"Done: {self.operation.title}.", "good")
        self.console.say(f"Next: {self.operation.next}")
        return Exit.DONE, "succeeded", verified

    def _unfinished(self) -> str:
        """Name the outcome of what was broken off: what may have begun is not taken for undone."""
        return "not begun" if self.operation.begun is Begun.NO else UnwatchedError.outcome

    def how_it_stands(self) -> str:
        """Say what was changed, as far as is known, whatever it was that broke it off."""
        operation = self.operation
        if operation.begun is Begun.NO:
            return UNCHANGED
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
        except (*UNANSWERED, NoAuditBucketError) as error:
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
        except (*UNANSWERED, NoAuditBucketError) as error:
            self._unrecorded("The outcome", record, in_words(error))
            return Exit.FAILED
        return Exit.DONE

    def _unrecorded(self, what: str, record: Record, why: str) -> None:
        lost = {"key": record.key, "why": why, "record": json.loads(record.body)}
        self.result.setdefault("unrecorded", []).append(lost)
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
