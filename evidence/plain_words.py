"""What the words of a bundle mean, and its result in one sentence, for people who read it."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from evidence.collected.installed import UNKNOWN
from evidence.model import Commit, Evidence, Standing, Verdict

VERDICTS: dict[Verdict, tuple[str, str]] = {
    Verdict.FAIL: (
        "fail",
        "The rule looked at the resource and found it wanting; no waiver covers it.",
    ),
    Verdict.ERROR: ("error", "It could not be judged, which is no pass."),
    Verdict.WAIVED: ("waived", "It fails, and a waiver lets it pass for a time: see Waivers."),
    Verdict.PASS: ("pass", "The rule looked at the resource and found what it asks for."),
    Verdict.NO_FINDING: (
        "no finding",
        "A judge that tells failures only said nothing: the resource may have passed, or the rule "
        "may not apply to it. No pass is claimed.",
    ),
    Verdict.NOT_APPLICABLE: (
        "not applicable",
        "The rule does not concern the resource, or found none to look at.",
    ),
}
STANDINGS: dict[Standing, tuple[str, str]] = {
    Standing.BROKEN: ("broken", "Something that speaks for it failed or could not be judged."),
    Standing.GAP: ("gap", "Nothing here speaks for it."),
    Standing.WEAK: (
        "weak",
        "Nothing passes: judges that tell failures alone said nothing, or all is waived.",
    ),
    Standing.EXCEPTIONS: (
        "held with exceptions",
        "What was judged passes, but for what is waived, open, not asked, not shown, or judged by "
        "rules of others alone.",
    ),
    Standing.HELD: ("held", "All that was judged for it passes."),
}
FILES: dict[str, str] = {
    "index.html": "this page",
    "evidence.json": "everything; runbook evidence diff compares it with another bundle's",
    "results.csv": "all results, for spreadsheets and scripts",
    "evidence.xlsx": "everything but this page's texts, as sheets to sort and filter",
    "nag-report.csv": "the results of cdk-nag, for tools that know its report",
    "results.sarif": "what was found, for code hosts; at most 5,000 results a judge",
    "assessment-results.json": "OSCAL, where it was asked for",
    "manifest.json": "the SHA-256 of each file; its own belongs in somebody else's records",
}
# From the worst to the best.
STATES = {
    "broken": "Something that keeps it failed here or could not be judged.",
    "open": "Nothing in the repository fails when it is broken.",
    "kept in part": "As kept, but for what it says is open.",
    "kept": (
        "Something in the repository fails when it is broken: a rule, a test or a drill. What was "
        "judged here did not fail, or a waiver lets it pass. The repository's own tests were not "
        "run for this bundle."
    ),
}
LIMITS = (
    "This is what was judged and how it ended. It does not say that the organisation complies: a "
    "control asks more than templates, tests and drills can show."
)


CLEAN, NOT_CLEAN, NOT_KNOWN = (
    "the commit alone",
    "not the commit alone",
    "the commit is not known",
)


@dataclass(frozen=True, slots=True)
class CommitWords:
    """How the sources stood to a commit; ``notice`` is the sentence that warns, or empty."""

    tree: str
    notice: str = ""

    @property
    def known(self) -> bool:
        """Say whether there is a commit to be named."""
        return self.tree != NOT_KNOWN

    def at(self, named: str) -> str:
        """Write what follows a name: the commit as ``named``, and what differs from it."""
        if not self.known:
            return f", {self.tree}"
        return f" at {named}, {self.tree}" if self.notice else f" at {named}"


def commit_words(commit: Commit) -> CommitWords:
    """Word a commit; of one that is not known nothing is said to differ, or to be the same."""
    if commit.id in ("", UNKNOWN):
        why = "The commit is not known: the bundle does not say of which sources it is."
        return CommitWords(NOT_KNOWN, why)
    if not commit.clean:
        why = (
            "Not the commit alone made it: the working tree was not clean, or an assembly was "
            "given."
        )
        return CommitWords(NOT_CLEAN, why)
    return CommitWords(CLEAN)


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 finding``, ``12,345 findings``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def states(evidence: Evidence) -> dict[str, int]:
    """Count the clauses that apply by state, the worst first."""
    counts = Counter(clause.state for clause in evidence.clauses if clause.applies)
    return {state: counts[state] for state in dict.fromkeys((*STATES, *counts))}


def result(evidence: Evidence) -> str:
    """Say in one sentence how it ended; it never says more than was judged."""
    judged = sum(evidence.summary[each] for each in Verdict if each != Verdict.NOT_APPLICABLE)
    bad = _bad(evidence)
    if not judged and not bad:
        return f"Nothing was judged, so nothing is shown{_without_evidence(evidence, '; ')}."
    if bad:
        return f"{', '.join(bad)}{_without_evidence(evidence, ' and ')}."
    if not evidence.summary[Verdict.PASS]:
        told = "No judge found a failure, but none that tells passes passed anything"
        return f"{told}{_without_evidence(evidence, '; ')}."
    waived, silent = evidence.summary[Verdict.WAIVED], evidence.summary[Verdict.NO_FINDING]
    said = (
        (waived, f"{counted(waived, 'finding')} that waivers let pass"),
        (silent, f"{counted(silent, 'result')} of which no pass is claimed"),
    )
    but = " and ".join(words for number, words in said if number)
    told = f"What was judged passes, but for {but}" if but else "What was judged passes"
    return f"{told}{_not_asked(evidence)}{_without_evidence(evidence, '; ')}."


def _bad(evidence: Evidence) -> list[str]:
    """Count what failed, in words; nothing where nothing did."""
    failed, errors = evidence.summary[Verdict.FAIL], evidence.summary[Verdict.ERROR]
    alarms = sum(alarm.failed for alarm in evidence.alarm_tests)
    drills = evidence.rehearsal.drills if evidence.rehearsal else ()
    lost = sum(drill.outcome == "failed" for drill in drills)
    said = (
        (failed, f"{counted(failed, 'finding')} failed"),
        (errors, f"{errors:,} could not be judged"),
        (alarms, f"{counted(alarms, 'alarm test')} failed"),
        (lost, f"{counted(lost, 'drill')} of the rehearsal failed"),
    )
    return [words for number, words in said if number]


def _not_asked(evidence: Evidence) -> str:
    number = sum(bool(rule.unasked) for rule in evidence.rules)
    were = "was" if number == 1 else "were"
    return f"; {counted(number, 'rule')} {were} not asked of everything" if number else ""


def _without_evidence(evidence: Evidence, joint: str) -> str:
    gaps = sum(control.standing is Standing.GAP for control in evidence.controls)
    if not evidence.controls:
        return f"{joint}no control is mapped here"
    has = "has" if gaps == 1 else "have"
    of = f"{gaps:,} of {counted(len(evidence.controls), 'control')}"
    return f"{joint}{of} {has} no evidence here" if gaps else ""


def day(written: str) -> str:
    """Write a moment in ISO 8601 as people do, in UTC; what cannot be read, as it stands."""
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is None:
            return written
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return written
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
