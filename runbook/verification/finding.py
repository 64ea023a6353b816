"""What a verification finds, worst first."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.operations.account import words

# AWS answered what nobody expects: it is not known how things stand, and no traceback helps.
ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Kind(StrEnum):
    """How bad it is. What cannot be read is never taken for good."""

    BREACH = "breach"
    UNVERIFIED = "not_verified"
    DRIFT = "drift"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be, or of which nobody can tell.

    ``where`` names the stack and the resource, ``fix`` what to do; ``clauses`` are those it breaks,
    or would break.
    """

    kind: Kind
    check: str
    where: str
    what: str
    fix: str = ""
    clauses: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        return {
            "kind": self.kind.value,
            "check": self.check,
            "where": self.where,
            "what": self.what,
            "fix": self.fix,
            "clauses": list(self.clauses),
        }


@dataclass
class Inspection:
    """One check at work: what it found, and how many things it looked at."""

    check: str
    clauses: tuple[str, ...] = ()
    findings: list[Finding] = field(default_factory=list)
    looked: int = 0

    def breach(self, where: str, what: str, fix: str) -> None:
        """Tell that a clause is broken."""
        self.findings.append(Finding(Kind.BREACH, self.check, where, what, fix, self.clauses))

    def unverified(self, where: str, what: str, fix: str = "") -> None:
        """Tell that nobody can say."""
        self.findings.append(Finding(Kind.UNVERIFIED, self.check, where, what, fix, self.clauses))

    def drift(self, where: str, what: str, fix: str) -> None:
        """Tell what is not as declared, and breaks no clause by itself."""
        self.findings.append(Finding(Kind.DRIFT, self.check, where, what, fix))

    @contextmanager
    def looking_at(self, where: str) -> Iterator[None]:
        """Look at one thing within, and count it."""
        self.looked += 1
        with self.guarding(where):
            yield

    @contextmanager
    def guarding(self, where: str) -> Iterator[None]:
        """Ask AWS within: what it refuses, or answers oddly, leaves the place unverified."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            self.unverified(where, words(error), READ)
        except ODD as error:
            self.unverified(where, f"AWS answered what is not expected here: {error!r}")


READ = "mend what it names, or run it again as somebody who may read it (docs/decisions/0030)"
