"""The whole of a verification: stacks, differences, checks, quotas. Reads only."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from runbook.operations.account import Account
from runbook.verification.check import all_checks
from runbook.verification.drift import compared
from runbook.verification.finding import Finding, Inspection, Kind
from runbook.verification.judgement import Judge
from runbook.verification.live import Live, LivePlace
from runbook.verification.quotas import inspect_quotas
from runbook.verification.stacks import StackRead, read_stack, stacks_of, strays

# AWS throttles by account and by service: more at once gains nothing.
AT_ONCE = 8
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Report:
    """What was looked at, and what was found, worst first.

    ``looked`` counts things by what they are; ``withheld`` are places that only a secret's value
    would tell. ``bare`` tells that nothing of the environment is deployed yet.
    """

    findings: tuple[Finding, ...]
    looked: dict[str, int]
    withheld: int
    bare: bool = False

    @property
    def verified(self) -> bool:
        """Whether everything was read, and is as it should be."""
        return not self.findings and not self.bare

    def of(self, kind: Kind) -> list[Finding]:
        """Give the findings of one kind."""
        return [finding for finding in self.findings if finding.kind is kind]

    def as_json(self) -> dict[str, Any]:
        """Write it for machines."""
        counted = Counter(finding.kind for finding in self.findings)
        return {
            "verified": self.verified,
            "deployed": not self.bare,
            "summary": {kind.value: counted[kind] for kind in Kind},
            "looked_at": self.looked,
            "withheld": self.withheld,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True)
class Verification:
    """One verification of one environment; ``tell`` is told of each step."""

    account: Account
    assembly: Path
    judge: Judge
    tell: Callable[[str], None]
    now: datetime
    quotas: bool = False

    def run(self) -> Report:
        """Look at everything; raises ``RefusedError`` for an assembly that cannot be used."""
        environment = self.account.environment
        wanted = stacks_of(self.assembly, environment)
        self.tell(f"{self.account.identity()} reads {len(wanted)} stacks of {environment.name}")
        read = self._in_parallel(
            [(s.name, partial(read_stack, s, self._place(s.region))) for s in wanted]
        )
        bare = all(each.missing for each in read)
        inspections = self._strays(read) + ([] if bare else self._checks(read))
        if self.quotas or any(each.missing for each in read):
            inspections += self._quotas(read)
        looked = Counter[str]()
        for inspection in inspections:
            looked[inspection.check] += inspection.looked
        found = [finding for i in inspections for finding in i.findings]
        if bare:
            return Report(_worst_first(found), dict(looked), 0, bare=True)
        self.tell("comparing what was read with the templates, and asking the rules")
        drift = compared(read, self.assembly, environment.name, self.judge)
        counted = drift.comparison
        numbers = {
            "stacks": counted.stacks,
            "resources": counted.resources,
            "values": counted.values,
            **{check: number for check, number in looked.items() if number},
        }
        found += [*(f for each in read for f in each.findings), *drift.findings]
        return Report(_worst_first(found), numbers, drift.withheld)

    def _place(self, region: str) -> LivePlace:
        return LivePlace(self.account, region)

    def _strays(self, read: Sequence[StackRead]) -> list[Inspection]:
        environment = self.account.environment
        wanted = {
            region: frozenset(s.wanted.name for s in read if s.wanted.region == region)
            for region in (*environment.regions, *(each.wanted.region for each in read))
        }
        return self._in_parallel(
            [
                (f"other stacks in {r}", partial(strays, self._place(r), environment, names))
                for r, names in wanted.items()
            ]
        )

    def _checks(self, read: Sequence[StackRead]) -> list[Inspection]:
        stacks = [each.deployed for each in read if each.deployed is not None]
        unread = [each.wanted for each in read if each.deployed is None and not each.missing]
        live = Live(self.account, stacks, self.now, unread)
        listed = all_checks().values()
        return self._in_parallel([(c.name, partial(c.inspect, live)) for c in listed])

    def _quotas(self, read: Sequence[StackRead]) -> list[Inspection]:
        environment = self.account.environment
        wanted = [each.wanted for each in read]
        standing = frozenset(each.wanted.name for each in read if each.deployed is not None)
        return self._in_parallel(
            [
                (
                    f"quotas in {region}",
                    partial(inspect_quotas, self._place(region), environment, wanted, standing),
                )
                for region in dict.fromkeys(stack.region for stack in wanted)
            ]
        )

    def _in_parallel(self, work: Sequence[tuple[str, Callable[[], Answer]]]) -> list[Answer]:
        """Do all of it, some at once, telling what is done; answers come in the work's order."""
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            futures: dict[Future[Answer], str] = {pool.submit(do): name for name, do in work}
            for number, future in enumerate(as_completed(futures), start=1):
                self.tell(f"{number:>3} of {len(work)}  {futures[future]}")
            return [future.result() for future in futures]
        finally:
            # Ctrl-C ends it at once: nothing is changed by what is still being read.
            pool.shutdown(wait=False, cancel_futures=True)


def _worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    order = list(Kind)
    return tuple(sorted(findings, key=lambda f: (order.index(f.kind), f.where, f.check, f.what)))
