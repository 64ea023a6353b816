"""A verification for people: what breaks a clause first, what nobody could read, then drift."""

from collections.abc import Iterable, Iterator

from runbook.operations.console import Console
from runbook.verification.finding import Finding, Kind
from runbook.verification.verify import Report

HEADS = {
    Kind.BREACH: ("Breaches", "bad"),
    Kind.UNVERIFIED: ("Not verified", "warn"),
    Kind.DRIFT: ("Drift that breaks no rule", "warn"),
}
_COUNTED = {Kind.BREACH: "breaches", Kind.UNVERIFIED: "not verified", Kind.DRIFT: "drifted"}
# Of findings that say the same, so many places are named.
MOST_PLACES = 4


def show(report: Report, environment: str, console: Console) -> None:
    """Print a report, and the next command."""
    for kind in Kind:
        found = report.of(kind)
        if found:
            head, style = HEADS[kind]
            console.say(f"\n{head}: {len(found)}", style)
            for line in _lines(found):
                console.say(line)
    counted = ", ".join(f"{name} {number}" for name, number in report.looked.items())
    console.say(f"\nLooked at: {counted}.")
    if report.withheld:
        console.say(
            f"{report.withheld} places stand behind the values of secrets, which are never read."
        )
    console.say(*_verdict(report, environment))
    console.say(f"Next: {_next(report, environment)}")


def _lines(found: Iterable[Finding]) -> Iterator[str]:
    """Say what several findings have in common once, with their places."""
    same: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for finding in found:
        same.setdefault((finding.what, finding.fix, finding.clauses), []).append(finding.where)
    for (what, fix, clauses), places in same.items():
        more = f" and {len(places) - MOST_PLACES} more" if len(places) > MOST_PLACES else ""
        breaks = f"  [{', '.join(clauses)}]" if clauses else ""
        yield f"! {', '.join(places[:MOST_PLACES])}{more}{breaks}"
        yield f"    {what}"
        if fix:
            yield f"    now: {fix}"


def _verdict(report: Report, environment: str) -> tuple[str, str]:
    if report.bare:
        return f"Nothing of {environment} is deployed yet.", "warn"
    if report.verified:
        return f"Verified: {environment} is as its templates and clauses say.", "good"
    counts = ", ".join(f"{len(report.of(kind))} {word}" for kind, word in _COUNTED.items())
    return f"{environment} is not verified: {counts}.", "bad"


def _next(report: Report, environment: str) -> str:
    clauses = [clause for f in report.of(Kind.BREACH) for clause in f.clauses]
    if report.bare:
        return f"make deploy ENV={environment}, as docs/decisions/0008 and README say"
    if clauses:
        return f"runbook explain {clauses[0]} says what it is about; runbook status {environment}"
    return f"runbook status {environment}"
